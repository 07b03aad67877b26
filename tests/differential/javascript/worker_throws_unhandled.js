// kiln: {"files": {"work.js": "setTimeout(() => { null.x; }, 1);"}}
// Whether the error or the end of the thread is noticed first shows in the frames further out.
Error.stackTraceLimit = 1;
new (require('worker_threads').Worker)('./work.js');
process.on('exit', (code) => console.log(code));
