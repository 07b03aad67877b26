// What a child inherits: nothing ignored, nothing blocked.
console.log(require('child_process').execSync('grep -E "^(SigBlk|SigIgn|SigCgt)" /proc/self/status', { encoding: 'utf8' }));
