const Module = require('module');
console.log(Module.runMain.name, Module.runMain.length, process.mainModule?.filename, Object.getOwnPropertyDescriptor(Module, 'runMain')?.writable, Module._cache[__filename]?.loaded, Module._stat === undefined, Module._debug?.name);
console.log(Module._nodeModulePaths(__dirname), Module._resolveLookupPaths('./x', module), Module._findPath('./main.js', [__dirname]));
