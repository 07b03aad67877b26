let left = 3;
for (const name of ['SIGUSR2', 'SIGHUP', 'SIGTERM', 'SIGINT', 'SIGWINCH']) {
  process.on(name, (...args) => {
    console.log(args, process.listenerCount(name));
  });
}
const keep = setInterval(() => {}, 90);
(async () => {
  for (const name of ['SIGUSR2', 'SIGHUP', 'SIGTERM', 'SIGINT', 'SIGWINCH']) {
    process.kill(process.pid, name);
    await new Promise((resolve) => process.once(name, resolve));
  }
  clearInterval(keep);
})();
