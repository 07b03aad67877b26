// kiln: {"files": {"has.mjs": "export const one = 1;"}}
import { one, two } from './has.mjs';
console.log(one, two);
