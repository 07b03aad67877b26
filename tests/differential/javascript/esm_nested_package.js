// kiln: {"files": {"sub/package.json": "{\"type\": \"module\"}", "sub/in.js": "export default [typeof require, import.meta.filename];", "cjs/package.json": "{\"type\": \"commonjs\"}", "cjs/in.js": "module.exports = [typeof require, __filename];"}}
import('./sub/in.js').then((found) => console.log(found.default, require('./cjs/in')));
console.log(require('module').findPackageJSON?.('./sub/in.js', __filename), require('module').findPackageJSON?.('..', __filename));
