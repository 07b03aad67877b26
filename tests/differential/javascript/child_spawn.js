const { spawn } = require('child_process');
const child = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] });
child.stdout.on('data', (data) => console.log(String(data)));
child.on('spawn', () => console.log('spawn')).on('exit', (...args) => console.log('exit', args)).on('close', (...args) => console.log('close', args));
child.stdin.end('there and back');
console.log(child.spawnfile, child.spawnargs, child.connected, child.exitCode, child.pid > process.pid);
