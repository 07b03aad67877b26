// Nothing is due before its time, as it would be by a clock that stood still while waiting.
const start = performance.now();
for (const delay of [60, 10, 30]) {
  setTimeout(() => console.log(delay, performance.now() - start >= delay - 1), delay);
}
