// kiln: {"env": {"TMPDIR": "/workspace/elsewhere/", "USER": "somebody", "SHELL": "/bin/none"}}
const os = require('os');
console.log(os.tmpdir(), os.homedir());
