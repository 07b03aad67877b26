const { Worker } = require('worker_threads');
const worker = new Worker('function fail() { throw new RangeError("in the worker"); }\nfail();', { eval: true });
worker.on('error', (error) => console.log(error.constructor === RangeError, error.stack)).on('exit', (code) => console.log(code));
