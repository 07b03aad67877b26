// kiln: {"env": {"ZED": "1", "ALPHA": "2", "EMPTY": "", "EQUALS": "a=b=c", "SPACES": " a  b ", "ACCENT": "\u00e9\u4e2d\ud83d\ude00", "LINES": "a\nb", "lower": "l"}}
console.log(JSON.stringify(process.env, null, 1));
for (const name in process.env) console.log(name, process.env[name].length);
console.log(require('child_process').execSync('env', { encoding: 'utf8' }));
