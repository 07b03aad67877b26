process.nextTick(() => {
  throw new Error('in a tick');
});
queueMicrotask(() => console.log('never'));
