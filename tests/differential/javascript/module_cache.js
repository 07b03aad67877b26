const Module = require('module');
console.log(Object.keys(require.cache), Object.keys(Module._cache), require.cache === Module._cache, Object.getOwnPropertySymbols(require.cache));
console.log(require.cache[__filename] === module);
for (const key in require.cache) console.log(key);
