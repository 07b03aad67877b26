// The clock is that of now, not of the time at which the interpreter began to wait.
const { mtimeMs } = require('fs').statSync(__filename);
console.log(Math.abs(Date.now() - mtimeMs) < 5000, Math.abs(Date.now() - new Date().getTime()) < 100, performance.timeOrigin <= Date.now());
