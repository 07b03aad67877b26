const { spawnSync } = require('child_process');
const { error, stdout, signal } = spawnSync('yes', { maxBuffer: 1000 });
console.log(error.code, stdout.length >= 1000, signal);
console.log(spawnSync('sh', ['-c', 'ulimit -n; ulimit -u; ulimit -c; umask; pwd'], { encoding: 'utf8' }).stdout);
