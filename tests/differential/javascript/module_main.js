console.log(require.main === module, module.id, module.path, module.filename, module.loaded, module.parent, module.children);
console.log(module.paths, module.isPreloading, Object.getOwnPropertyNames(module), module.constructor.name);
console.log(__filename, __dirname, this === module.exports, this === exports, arguments.length);
console.log([...arguments].map((value) => typeof value), arguments[3] === __filename, arguments.callee.name);
console.log(process.mainModule === module);
setImmediate(() => console.log(module.loaded));
