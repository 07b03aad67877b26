const { spawn, spawnSync } = require('child_process');
const child = spawn('sleep', ['5']);
child.on('exit', (code, signal) => console.log(code, signal, child.killed, child.kill()));
console.log(child.kill('SIGKILL'));
const { status, signal, error } = spawnSync('sleep', ['5'], { timeout: 20 });
console.log(status, signal, error.code);
