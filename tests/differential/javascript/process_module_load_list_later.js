// What has been loaded after some first uses; Node that waits has loaded what a stream over a pipe takes before, so not in which order.
process.stdout;
require('net');
require('http');
require('crypto');
require('child_process');
console.log([...process.moduleLoadList].sort().join('\n'));
