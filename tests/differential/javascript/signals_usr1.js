// Node's own use of the signal gives way to a listener.
process.on('SIGUSR1', (name, number) => {
  console.log(name, number, process.listenerCount('SIGUSR1'));
  clearTimeout(keep);
});
const keep = setTimeout(() => console.log('never'), 90);
process.kill(process.pid, 'SIGUSR1');
