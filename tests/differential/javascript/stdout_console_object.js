console.log(Object.keys(console), Object.getOwnPropertySymbols(console), Object.prototype.toString.call(console), console._stdout === process.stdout, console._times, console instanceof console.Console);
console.log(Object.getOwnPropertyDescriptor(globalThis, 'console'));
