process.on('uncaughtException', function (error, origin) {
  console.log(error.message, origin, this === process, process.listenerCount('uncaughtException'));
});
process.on('uncaughtExceptionMonitor', (error, origin) => console.log('monitor', error.message, origin));
setTimeout(() => {
  console.log('still here');
  throw new Error('second');
}, 1);
setImmediate(() => console.log('immediate'));
throw new Error('first');
