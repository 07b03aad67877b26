console.log(performance.eventLoopUtilization());
setTimeout(() => {
  const { idle, active, utilization } = performance.eventLoopUtilization();
  console.log(idle >= 0 && idle < 1000, active > 0 && active < 1000, utilization > 0 && utilization <= 1);
}, 20);
