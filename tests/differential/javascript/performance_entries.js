const { PerformanceObserver } = require('perf_hooks');
console.log(performance.getEntries().length, PerformanceObserver.supportedEntryTypes);
const seen = [];
new PerformanceObserver((list) => seen.push(...list.getEntries())).observe({ entryTypes: ['mark', 'measure'] });
performance.mark('a', { detail: { x: 1 } });
setTimeout(() => performance.measure('between', { start: 'a', end: performance.mark('b').startTime }), 2);
process.on('exit', () => console.log(seen.map(({ name, entryType, duration, detail }) => [name, entryType, duration >= 0 && duration < 1000, detail])));
