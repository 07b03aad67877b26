const fs = require('fs');
const path = require('path');
const directory = fs.mkdtempSync(path.join(require('os').tmpdir(), 'own-'));
console.log(path.dirname(directory), path.basename(directory).length, fs.statSync(directory).mode.toString(8), fs.readdirSync('/tmp').length);
fs.rmSync(directory, { recursive: true });
console.log(fs.existsSync(directory));
