// A timer of 50 ms set first must not be overtaken by the loop's old time.
const start = Date.now();
setTimeout(() => console.log(Date.now() - start >= 49), 50);
require('fs').readFile(__filename, () => console.log('read', Date.now() - start < 45));
