// Nothing is due before its time, as it would be by a clock that stood still while waiting.
const start = performance.now();
for (const delay of [10, 30, 60]) {
  setTimeout(() => console.log(delay, performance.now() - start >= delay - 1), delay);
}
setTimeout(() => console.log('first of all', performance.now() - start < 10), 1);
