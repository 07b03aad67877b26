// kiln: {"files": {"work.mjs": "import { workerData } from 'node:worker_threads'; console.log(workerData, import.meta.url, import.meta.main, process.argv.length); await null; export {};"}}
import { Worker } from 'node:worker_threads';
new Worker(new URL('./work.mjs', import.meta.url), { workerData: 5 }).on('exit', (code) => console.log(code));
