console.log(globalThis);
console.log(require('util').inspect(globalThis, { showHidden: false, depth: 0 }).split('\n').length);
