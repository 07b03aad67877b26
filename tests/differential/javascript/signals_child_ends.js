const { spawn } = require('child_process');
process.on('SIGCHLD', (name) => console.log(name));
spawn('true').on('exit', (code) => {
  console.log('exit', code);
  setTimeout(() => process.removeAllListeners('SIGCHLD'), 5);
});
