const maps = require('fs').readFileSync('/proc/self/maps', 'utf8');
console.log([...new Set(maps.match(/\/\S+/g))].sort().join('\n'));
