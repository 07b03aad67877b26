const timing = performance.nodeTiming;
console.log(timing.name, timing.entryType, timing.startTime, Object.keys(timing.toJSON()));
const { nodeStart, v8Start, environment, bootstrapComplete, loopStart, loopExit } = timing;
console.log(0 < nodeStart, nodeStart < v8Start, v8Start < environment, environment < bootstrapComplete, bootstrapComplete < performance.now(), loopStart, loopExit);
setTimeout(() => console.log(timing.loopStart > bootstrapComplete, timing.loopExit, timing.idleTime >= 0), 5);
