const { AsyncLocalStorage, AsyncResource } = require('async_hooks');
const storage = new AsyncLocalStorage();
console.log(storage.getStore());
storage.run({ id: 1 }, () => {
  setTimeout(() => console.log('timeout', storage.getStore()), 1);
  setImmediate(() => console.log('immediate', storage.getStore()));
  Promise.resolve().then(() => console.log('promise', storage.getStore()));
  process.nextTick(() => console.log('tick', storage.getStore()));
});
const bound = storage.run('bound', () => AsyncResource.bind(() => storage.getStore()));
storage.enterWith('entered');
console.log(bound(), storage.getStore(), storage.exit(() => storage.getStore()));
process.on('exit', () => console.log('exit', storage.getStore()));
