const { spawnSync } = require('child_process');
console.log('before');
spawnSync('sh', ['-c', 'echo inside; echo inside-error >&2'], { stdio: 'inherit' });
console.log('after');
spawnSync(process.execPath, ['-e', 'console.log("node inside"); process.exitCode = 4'], { stdio: [0, 1, 2] });
console.log('end');
