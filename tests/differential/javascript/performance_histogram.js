const { monitorEventLoopDelay, createHistogram } = require('perf_hooks');
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
setTimeout(() => {
  delay.disable();
  console.log(delay.max < 1e9, delay.min > 0, delay.exceeds);
}, 20);
const histogram = createHistogram();
histogram.record(5);
console.log(histogram.count, histogram.max, histogram);
