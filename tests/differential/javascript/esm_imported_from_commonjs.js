// kiln: {"files": {"lib.mjs": "export const url = import.meta.url; export const main = import.meta.main;"}}
const order = [];
import('./lib.mjs').then((lib) => {
  order.push('imported');
  console.log(lib, order);
});
process.nextTick(() => order.push('tick'));
queueMicrotask(() => order.push('microtask'));
order.push('main');
