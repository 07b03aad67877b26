const fs = require('fs');
console.log('stream');
fs.writeSync(1, 'sync\n');
process.stdout.write('stream again\n');
fs.writeFileSync('/dev/stdout', 'by name\n');
fs.writeFileSync(1, 'by number\n');
console.log(fs.fstatSync(1).isFIFO(), fs.fstatSync(2).isFIFO());
