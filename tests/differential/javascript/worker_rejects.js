const { Worker } = require('worker_threads');
new Worker('Promise.reject(new Error("rejected in the worker"))', { eval: true }).on('error', (error) => console.log(error.message)).on('exit', (code) => console.log(code));
new Worker('import("./absent.mjs")', { eval: true }).on('error', (error) => console.error(error.code, error.message));
