// Flags can still be set by the program, and nobody else has set any.
const v8 = require('v8');
console.log(typeof gc);
v8.setFlagsFromString('--expose-gc');
console.log(typeof require('vm').runInNewContext('gc'), typeof gc);
v8.setFlagsFromString('--allow-natives-syntax');
console.log(eval('%GetOptimizationStatus(() => {})') > 0);
v8.setFlagsFromString('--stack-size=500');
