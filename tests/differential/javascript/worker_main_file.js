const { Worker, isMainThread, parentPort } = require('worker_threads');
if (isMainThread) {
  new Worker(__filename).on('message', (message) => console.log(message));
} else {
  parentPort.postMessage([process.argv, require.main?.filename, module.id, new Error('here').stack]);
}
