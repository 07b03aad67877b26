const bare = {};
(function hidden() {
  Error.captureStackTrace(bare, hidden);
})();
console.log(bare.stack, Object.getOwnPropertyDescriptor(bare, 'stack')?.enumerable);
Error.stackTraceLimit = 1;
console.log(new Error('one frame').stack);
Error.stackTraceLimit = 0;
console.log(new Error('no frame').stack);
Error.stackTraceLimit = Infinity;
console.log(new Error('every frame').stack);
