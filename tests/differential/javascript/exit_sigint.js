console.log('alive', process.listenerCount('SIGINT'));
process.kill(process.pid, 'SIGINT');
setTimeout(() => console.log('never'), 100);
