// kiln: {"files": {"helper.js": "exports.who = [module.id, module.parent && module.parent.id, require.main === module, __filename];", "lib/index.js": "module.exports = require('../helper');", "data.json": "{\"a\": [1, 2]}"}}
console.log(require('./helper').who, require('./lib') === require('./helper.js'), require('./data'), require('./data.json').a);
console.log(module.children.map((child) => child.id), Object.keys(require.cache), Object.keys(module.constructor._pathCache));
