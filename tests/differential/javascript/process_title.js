const fs = require('fs');
console.log(process.title, fs.readFileSync('/proc/self/comm', 'utf8'));
console.log(JSON.stringify(fs.readFileSync('/proc/self/cmdline', 'utf8')));
process.title = 'short';
console.log(process.title, JSON.stringify(fs.readFileSync('/proc/self/cmdline', 'utf8')));
process.title = 'a title that is longer than the command line';
console.log(process.title, JSON.stringify(fs.readFileSync('/proc/self/cmdline', 'utf8')));
