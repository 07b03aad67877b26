const Module = require('module');
console.log(JSON.stringify(Module._pathCache, null, 1));
console.log(Object.getPrototypeOf(Module._pathCache));
