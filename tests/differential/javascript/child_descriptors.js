// A child gets three descriptors, and nothing that this process has open.
const { execFileSync, spawnSync } = require('child_process');
console.log(execFileSync('ls', ['/proc/self/fd'], { encoding: 'utf8' }));
console.log(spawnSync('ls', ['/proc/self/fd'], { stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'ignore'], encoding: 'utf8' }).stdout);
