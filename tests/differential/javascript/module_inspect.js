console.log(module);
console.log(require);
