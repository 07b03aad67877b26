const { Worker } = require('worker_threads');
const worker = new Worker('console.log("out"); console.error("err"); process.stdout.write("no end")', { eval: true, stdout: true });
let text = '';
worker.stdout.on('data', (data) => { text += data; });
worker.on('exit', () => setImmediate(() => console.log(JSON.stringify(text))));
