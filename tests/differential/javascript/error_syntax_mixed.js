// Neither kind of module: what requires and what exports cannot be one file.
const fs = require('fs');
export const size = fs.statSync('main.js').size;
