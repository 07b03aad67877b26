const { PerformanceObserver } = require('perf_hooks');
console.log(performance.getEntries().length, PerformanceObserver.supportedEntryTypes);
new PerformanceObserver((list, observer) => {
  console.log(list.getEntries().map(({ name, entryType, duration, detail }) => [name, entryType, duration >= 0 && duration < 1000, detail]));
  observer.disconnect();
}).observe({ entryTypes: ['mark', 'measure'] });
performance.mark('a', { detail: { x: 1 } });
performance.mark('b');
performance.measure('between', 'a', 'b');
performance.measure('since the start of the loop', { start: performance.now() - 1, end: performance.now() });
