// kiln: {"env": {"SHOWN": "here"}}
const text = require('fs').readFileSync('/proc/self/environ', 'utf8');
console.log(text.split('\0').filter(Boolean));
console.log(text.includes('KILN'), text.includes('NODE_OPTIONS'), text.includes('standby'));
