const vm = require('vm');
const context = vm.createContext({ console, value: 1 });
vm.runInContext('value++; var declared = typeof process; console.log(value, declared, typeof globalThis.require, [] instanceof Array)', context);
console.log(context, vm.isContext(context), vm.runInContext('[]', context) instanceof Array, vm.runInThisContext('typeof require'), vm.runInNewContext('Object.getOwnPropertyNames(globalThis).length'));
