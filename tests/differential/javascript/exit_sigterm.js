process.on('exit', () => console.log('never'));
console.log('alive');
process.kill(process.pid);
setTimeout(() => console.log('never'), 100);
