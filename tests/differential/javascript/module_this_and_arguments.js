'use strict';
console.log(this === module.exports, typeof arguments, arguments.length, (function () { return this; })());
return;
console.log('never');
