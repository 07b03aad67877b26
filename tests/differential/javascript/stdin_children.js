// kiln: {"stdin": "line one\nline two\n"}
const { spawnSync, execFileSync } = require('child_process');
spawnSync('cat', { stdio: 'inherit' });
console.log(JSON.stringify(execFileSync('cat', { input: 'other input', encoding: 'utf8' })), JSON.stringify(require('fs').readFileSync(0, 'utf8')));
