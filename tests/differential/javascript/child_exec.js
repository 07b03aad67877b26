// kiln: {"env": {"FROM_REQUEST": "yes"}}
const { exec } = require('child_process');
exec('echo out $FROM_REQUEST; echo err >&2; exit 3', (error, stdout, stderr) => {
  console.log(error.code, error.killed, error.signal, error.cmd, [stdout, stderr]);
  exec('no-such-command-here', (error) => console.log(error.code, error.message));
});
