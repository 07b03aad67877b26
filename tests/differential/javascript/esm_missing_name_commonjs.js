// kiln: {"files": {"has.cjs": "module.exports = { one: 1 };"}}
import { two } from './has.cjs';
console.log(two);
