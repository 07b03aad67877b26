const { Worker } = require('worker_threads');
const inner = 'console.log(require("worker_threads").threadId, process.execArgv, Object.keys(require.cache))';
new Worker(`const { Worker } = require("worker_threads"); new Worker(${JSON.stringify(inner)}, { eval: true })`, { eval: true });
