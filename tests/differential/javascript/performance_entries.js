const { PerformanceObserver } = require('perf_hooks');
console.log(performance.getEntries().length, PerformanceObserver.supportedEntryTypes);
new PerformanceObserver((list, observer) => {
  console.log(list.getEntries().map(({ name, entryType, duration, detail }) => [name, entryType, duration >= 0 && duration < 1000, detail]));
  observer.disconnect();
}).observe({ entryTypes: ['mark', 'measure'] });
performance.measure('made up', { start: 0, end: 1 });
performance.mark('a', { detail: { x: 1 } });
setTimeout(() => performance.mark('b'), 2);
