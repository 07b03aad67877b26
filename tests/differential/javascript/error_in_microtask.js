queueMicrotask(function task() {
  throw new Error('in a microtask');
});
console.log('main');
