// Each signal that ends a process by itself.
const { spawnSync } = require('child_process');
for (const name of ['SIGHUP', 'SIGQUIT', 'SIGALRM', 'SIGUSR2', 'SIGXCPU', 'SIGSYS', 'SIGSEGV']) {
  const { status, signal, stdout } = spawnSync(process.execPath, ['-e', `process.kill(process.pid, '${name}'); for (;;);`], { encoding: 'utf8', timeout: 3000 });
  console.log(name, status, signal, stdout);
}
process.kill(process.pid, 'SIGQUIT');
for (;;);
