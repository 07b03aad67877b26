// kiln: {"files": {"a.js": "exports.early = 1; exports.b = require('./b'); exports.late = 1;", "b.js": "exports.seen = Object.keys(require('./a')); exports.main = require.main.filename;"}}
console.log(require('./a'), require('./b'));
