// kiln: {"env": {"CHANGED": "old", "GONE": "soon"}}
process.env.CHANGED = 'new';
process.env.ADDED = 7;
delete process.env.GONE;
console.log(process.env.CHANGED, process.env.ADDED, 'GONE' in process.env, Object.keys(process.env));
console.log(require('child_process').execSync('env', { encoding: 'utf8' }));
