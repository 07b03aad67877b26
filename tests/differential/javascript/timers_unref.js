const timer = setTimeout(() => console.log('never'), 90).unref();
console.log(timer.hasRef(), process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length);
const interval = setInterval(() => {
  console.log('interval');
  interval.unref();
}, 2);
setImmediate(() => console.log('never?')).unref?.();
