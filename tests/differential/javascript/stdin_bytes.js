// kiln: {"stdin_base64": "/wD+gMMoCg3wn5iA"}
const bytes = require('fs').readFileSync(0);
console.log(bytes, bytes.toString('utf8'), bytes.toString('latin1').length);
