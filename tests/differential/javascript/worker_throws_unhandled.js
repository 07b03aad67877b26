// kiln: {"files": {"work.js": "setTimeout(() => { null.x; }, 1);"}}
new (require('worker_threads').Worker)('./work.js');
process.on('exit', (code) => console.log(code));
