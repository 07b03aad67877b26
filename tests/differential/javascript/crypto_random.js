// Two interpreters never give the same numbers; that they were not prepared is seen by what a child gives.
const crypto = require('crypto');
const draws = [Math.random(), crypto.randomBytes(8).toString('hex'), crypto.randomUUID(), crypto.getRandomValues(new Uint32Array(2)).join(), crypto.randomInt(2 ** 40)];
const again = JSON.parse(require('child_process').execFileSync(process.execPath, ['-p', 'JSON.stringify([Math.random(), crypto.randomBytes(8).toString("hex"), crypto.randomUUID(), crypto.getRandomValues(new Uint32Array(2)).join(), crypto.randomInt(2 ** 40)])'], { encoding: 'utf8' }));
console.log(new Set([...draws, ...again]).size);
