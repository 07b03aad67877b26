const { deprecate } = require('util');
const old = deprecate(() => 'result', 'old() is old', 'OLD1');
console.log(old(), old());
new Buffer(1);
process.binding('util');
