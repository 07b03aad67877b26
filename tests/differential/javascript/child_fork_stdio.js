// kiln: {"stdin": "shared input\n", "files": {"child.js": "console.log(require('fs').readFileSync(0, 'utf8')); console.error('child error');"}}
const { fork } = require('child_process');
fork('./child.js').on('exit', () => {
  const silent = fork('./child.js', { silent: true });
  silent.stderr.on('data', (data) => console.log('heard', String(data)));
  silent.stdin.end('own input');
});
