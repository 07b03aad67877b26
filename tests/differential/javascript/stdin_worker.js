// kiln: {"stdin": "for the main thread\n"}
const { Worker } = require('worker_threads');
const worker = new Worker('process.stdin.on("data", (data) => console.log("worker", String(data))).on("end", () => console.log("worker end"));', { eval: true, stdin: true });
worker.stdin.end('for the worker');
worker.on('exit', () => console.log(require('fs').readFileSync(0, 'utf8')));
