// kiln: {"stdin": "by its name\n"}
const fs = require('fs');
console.log(fs.readFileSync('/dev/stdin', 'utf8'), fs.fstatSync(0).isFIFO(), fs.statSync('/proc/self/fd/0').isFIFO());
