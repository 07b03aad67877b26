const names = ['SIGUSR2', 'SIGHUP', 'SIGTERM', 'SIGINT', 'SIGWINCH'];
for (const name of names) process.on(name, (...args) => console.log(args, process.listenerCount(name)));
const keep = setInterval(() => {}, 90);
(async () => {
  for (const name of names) {
    process.kill(process.pid, name);
    await new Promise((resolve) => process.once(name, resolve));
  }
  clearInterval(keep);
})();
