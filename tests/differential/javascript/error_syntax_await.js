const value = require('path');
await value;
console.log(typeof module);
