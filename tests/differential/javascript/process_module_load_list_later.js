// What gets loaded by a first use, and in which order.
const before = process.moduleLoadList.length;
process.stdout;
require('net');
require('http');
require('crypto');
require('child_process');
console.log(process.moduleLoadList.slice(before).join('\n'));
