const { Worker } = require('worker_threads');
const shared = new Int32Array(new SharedArrayBuffer(8));
const worker = new Worker('const { workerData: shared } = require("worker_threads"); for (let i = 0; i < 1000; i++) Atomics.add(shared, 0, 1); Atomics.store(shared, 1, 1); Atomics.notify(shared, 1);', { eval: true, workerData: shared });
console.log(Atomics.wait(shared, 1, 0, 5000) !== 'timed-out', Atomics.load(shared, 0));
worker.on('exit', () => console.log(shared));
