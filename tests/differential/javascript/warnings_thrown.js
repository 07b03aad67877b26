process.throwDeprecation = true;
process.on('exit', (code) => console.log(code));
require('util').deprecate(() => {}, 'thrown', 'OLD4')();
