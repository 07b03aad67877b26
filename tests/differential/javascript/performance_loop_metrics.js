const { loopCount, events, eventsWaiting } = performance.nodeTiming.uvMetricsInfo;
console.log(loopCount, events, eventsWaiting);
setImmediate(() => setImmediate(() => console.log(performance.nodeTiming.uvMetricsInfo)));
