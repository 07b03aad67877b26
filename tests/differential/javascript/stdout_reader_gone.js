// A reader that has gone away: an error in an event, not the end by a signal.
const { spawn } = require('child_process');
const child = spawn('sh', ['-c', 'exec <&-; echo closed; sleep 0.05'], { stdio: ['pipe', 'pipe', 'ignore'] });
child.stdout.once('data', (data) => {
  console.log(String(data), process.listenerCount('SIGPIPE'));
  child.stdin.on('error', (error) => console.log(error.code, error.syscall));
  child.stdin.write('x'.repeat(100));
});
