const Module = require('module');
console.log(Object.getOwnPropertyNames(Module).sort().join(' '));
console.log(Object.keys(Module._extensions), Module.globalPaths, Module.builtinModules.length, Module.isPreloading);
console.log(Module.wrap('x'), Module.wrapper, Module._initPaths.name, Module.prototype.constructor === Module);
console.log(Object.getOwnPropertyNames(Module.prototype));
