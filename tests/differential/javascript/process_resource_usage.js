const usage = process.resourceUsage();
console.log(Object.keys(usage), usage.userCPUTime > 0, usage.maxRSS > 1000);
const cpu = process.cpuUsage();
console.log(cpu.user > 0, Object.keys(process.memoryUsage()), process.memoryUsage.rss() > 1e6);
