const vm = require('vm');
try {
  vm.runInNewContext('for (;;);', {}, { timeout: 5 });
} catch (error) {
  console.log(error.code, error.message);
}
console.log(vm.compileFunction('return a + this.b', ['a']).call({ b: 2 }, 1));
