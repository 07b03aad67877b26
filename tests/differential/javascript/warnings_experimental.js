process.on('warning', ({ name, message }) => console.log(name, message));
const { WASI } = require('wasi');
console.log(typeof WASI);
new WASI({ version: 'preview1' });
