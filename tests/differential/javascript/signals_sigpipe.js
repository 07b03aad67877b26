// Ignored by Node itself.
process.kill(process.pid, 'SIGPIPE');
setTimeout(() => console.log('alive'), 2);
