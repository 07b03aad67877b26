require('v8').setFlagsFromString('--expose-gc');
const collect = require('vm').runInNewContext('gc');
const registry = new FinalizationRegistry((held) => console.log('collected', held));
(() => registry.register({}, 'it'))();
setTimeout(() => {
  collect();
  setTimeout(() => console.log('end'), 20);
}, 1);
