console.log('alive');
process.on('exit', () => console.log('never'));
process.kill(process.pid, 'SIGABRT');
for (;;);
