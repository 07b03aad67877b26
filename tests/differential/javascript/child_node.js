// kiln: {"args": ["parent"], "env": {"SEEN": "by the child"}}
const { execFileSync } = require('child_process');
const facts = 'JSON.stringify([process.argv, process.execArgv, process.env, process._preload_modules, Object.keys(require.cache), process.title, require("fs").readdirSync("/proc/self/fd").length])';
console.log(execFileSync(process.execPath, ['-p', facts, 'extra'], { encoding: 'utf8' }));
console.log(execFileSync('node', ['--no-warnings', '-p', 'process.execArgv'], { encoding: 'utf8' }));
