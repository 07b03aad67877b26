// kiln: {"env": {"FOR_CHILD": "yes", "ODD": "a=b"}}
const { execSync, spawnSync, execFileSync } = require('child_process');
console.log(execSync('env | sort', { encoding: 'utf8' }));
console.log(spawnSync('env', { encoding: 'utf8' }).stdout);
console.log(execFileSync('env', { env: { ONLY: 'this' }, encoding: 'utf8' }));
console.log(execFileSync(process.execPath, ['-p', 'JSON.stringify([process.env, process._preload_modules])'], { encoding: 'utf8' }));
