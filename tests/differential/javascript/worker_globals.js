const { Worker } = require('worker_threads');
new Worker('require("worker_threads").parentPort.postMessage([Object.getOwnPropertyNames(globalThis), Object.getOwnPropertyNames(process).sort()])', { eval: true }).on('message', ([globals, properties]) => console.log(globals.join(' '), properties.join(' ')));
