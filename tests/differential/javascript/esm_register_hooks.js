// kiln: {"files": {"lib.mjs": "export default 'the file';"}}
const { registerHooks } = require('module');
const asked = [];
const hooks = registerHooks({
  resolve(specifier, context, next) {
    asked.push([specifier, context.parentURL?.split('/').pop(), context.conditions]);
    return specifier === 'virtual:x' ? { url: 'virtual:x', shortCircuit: true } : next(specifier, context);
  },
  load(url, context, next) {
    return url === 'virtual:x' ? { format: 'module', source: 'export default "made up";', shortCircuit: true } : next(url, context);
  },
});
import('virtual:x').then(async (found) => {
  console.log(found.default, (await import('./lib.mjs')).default);
  hooks.deregister();
  console.log(asked);
});
