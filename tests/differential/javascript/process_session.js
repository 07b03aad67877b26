const stat = require('fs').readFileSync('/proc/self/stat', 'utf8').split(' ');
console.log(stat[4] === stat[0], stat[5] === stat[0], Number(stat[3]) === process.ppid, stat[6]);
