// kiln: {"files": {"counter.mjs": "export let count = 0;\nexport const add = () => ++count;\nexport { count as default };\n"}}
import frozen, { count, add } from './counter.mjs';
add();
console.log(frozen, count);
try {
  count = 5;
} catch (error) {
  console.log(error.message);
}
console.log((await import('./counter.mjs')) === (await import('./counter.mjs')), (await import('./counter.mjs?fresh')).count);
