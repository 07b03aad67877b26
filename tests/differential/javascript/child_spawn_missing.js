const { spawn, spawnSync } = require('child_process');
spawn('/absent/program', ['x']).on('error', (error) => console.log({ ...error }));
console.log({ ...spawnSync('/absent/program').error });
try {
  require('child_process').execFileSync('false');
} catch (error) {
  console.log(error.status, error.message, error.output);
}
