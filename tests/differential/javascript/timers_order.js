const order = [];
const note = (name) => () => order.push(name);
setTimeout(note('timeout 0'), 0);
setTimeout(note('timeout 1'), 1);
setImmediate(() => {
  note('immediate')();
  process.nextTick(note('tick in immediate'));
  Promise.resolve().then(note('promise in immediate'));
});
process.nextTick(note('tick'));
Promise.resolve().then(note('promise')).then(() => process.nextTick(note('tick in promise')));
queueMicrotask(note('microtask'));
(async () => {
  await null;
  note('await')();
})();
note('main')();
process.on('exit', () => console.log(order.filter((name) => !/^(timeout|immediate)/.test(name)), order.indexOf('timeout 0') < order.indexOf('timeout 1')));
