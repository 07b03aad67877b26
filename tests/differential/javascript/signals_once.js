process.once('SIGTERM', (name, number) => {
  console.log('once', name, number, process.listenerCount('SIGTERM'));
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => console.log('never'), 90);
});
process.kill(process.pid, 'SIGTERM');
setTimeout(() => console.log('never'), 90);
