// kiln: {"files": {"sub/note.txt": "a note"}}
const fs = require('fs');
console.log(process.cwd(), __dirname, __filename, fs.realpathSync('.'), fs.readdirSync('.').sort(), fs.readlinkSync('/proc/self/cwd'));
process.chdir('sub');
console.log(process.cwd(), fs.readFileSync('note.txt', 'utf8'), require('path').resolve('x'), fs.existsSync('../main.js'));
console.log(require('child_process').execSync('pwd', { encoding: 'utf8' }));
