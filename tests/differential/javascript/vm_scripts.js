const vm = require('vm');
const script = new vm.Script('throw new Error("scripted")', { filename: 'named.js', lineOffset: 10, columnOffset: 5 });
try {
  script.runInThisContext();
} catch (error) {
  console.log(error.stack);
}
try {
  new vm.Script('let =', { filename: 'bad.js' });
} catch (error) {
  console.log(error.stack.split('\n').slice(0, 5));
}
console.log(new vm.Script('1').cachedDataRejected, new vm.Script('1').createCachedData().length > 0, script.sourceMapURL);
const cached = new vm.Script('function f() { return 5 } f()').createCachedData();
console.log(new vm.Script('function f() { return 5 } f()', { cachedData: cached }).cachedDataRejected);
