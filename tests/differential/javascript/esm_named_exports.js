// kiln: {"files": {"old.cjs": "exports.a = 1; module.exports.b = 2; exports['not a name'] = 3;", "late.cjs": "module.exports = { [Math.random() < 2 ? 'c' : 'd']: 4 };"}}
import old, { a, b } from './old.cjs';
import * as all from './old.cjs';
import late from './late.cjs';
console.log(old, a, b, all, late);
console.log(await import('./late.cjs'), all[Symbol.toStringTag]);
