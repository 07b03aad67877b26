const { Worker } = require('worker_threads');
const worker = new Worker('process.on("exit", (code) => console.log("worker exit", code)); process.exit(7);', { eval: true });
worker.on('exit', async (code) => {
  console.log(code, worker.threadId, await worker.terminate());
  const endless = new Worker('for (;;);', { eval: true });
  endless.on('online', async () => console.log(await endless.terminate()));
});
