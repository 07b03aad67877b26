const timer = setTimeout(() => console.log('never'), 20000).unref();
console.log(timer.hasRef(), process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length);
const interval = setInterval(() => {
  if (interval.hasRef()) console.log('interval');
  interval.unref();
}, 2);
process.on('exit', () => console.log('exit', interval.hasRef()));
