console.log(process.argv, process.argv.length, process.argv0, process.execPath, process.execArgv);
console.log(Object.getOwnPropertyDescriptor(process, 'argv').writable, Array.isArray(process.argv));
console.log(Object.getOwnPropertyNames(process.argv));
