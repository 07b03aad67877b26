// kiln: {"files": {"work.js": "const { parentPort, workerData, isMainThread, threadId, resourceLimits } = require('worker_threads'); parentPort.postMessage([workerData, isMainThread, threadId, Object.keys(resourceLimits), require.main === module, __filename, Object.keys(require.cache), module.id, module.parent]);"}, "args": ["one"]}
const { Worker, isMainThread, threadId, parentPort, workerData, resourceLimits, SHARE_ENV } = require('worker_threads');
console.log(isMainThread, threadId, parentPort, workerData, resourceLimits, SHARE_ENV);
new Worker('./work.js', { workerData: { map: new Map([[1, new Date(0)]]), bytes: new Uint8Array(2) } }).on('message', (message) => console.log(message)).on('exit', (code) => console.log(code));
