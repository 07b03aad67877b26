console.log('about to abort');
process.on('exit', () => console.log('never'));
console.log(process.abort.name, 'disabled' in process.abort, process.abort.disabled);
process.kill(process.pid, 'SIGABRT');
for (;;);
