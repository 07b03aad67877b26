const { promiseHooks } = require('v8');
const seen = [];
const stop = promiseHooks.createHook({ init: () => seen.push('init'), before: () => seen.push('before'), after: () => seen.push('after'), settled: () => seen.push('settled') });
Promise.resolve().then(() => {}).then(() => {
  stop();
  console.log(seen);
});
