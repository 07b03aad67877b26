const { Worker, threadName, getEnvironmentData, setEnvironmentData } = require('worker_threads');
console.log(threadName, getEnvironmentData('key'));
setEnvironmentData('key', 'value');
const worker = new Worker('const w = require("worker_threads"); console.log(w.getEnvironmentData("key"), w.threadName, process.report.getReport().header.threadId)', { eval: true, name: 'named' });
worker.on('online', () => console.error('online')).on('exit', () => console.error('exit'));
