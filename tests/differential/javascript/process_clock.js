const up = process.uptime();
console.log(typeof up, up > 0, performance.now() > 0, Math.abs(Date.now() - performance.timeOrigin - performance.now()) < 100);
console.log(process.uptime() * 1000 - performance.now() < 100);
console.log(process.uptime.toString(), performance.now.name, Object.keys(performance.toJSON()));
