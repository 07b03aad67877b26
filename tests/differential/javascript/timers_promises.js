import { setTimeout as wait, setImmediate as soon, setInterval as every, scheduler } from 'node:timers/promises';
console.log(await wait(2, 'value'), await soon('soon'));
let count = 0;
for await (const value of every(1, 'tick')) if (++count === 3) { console.log(value, count); break; }
await wait(50, null, { signal: AbortSignal.abort('reason') }).catch((error) => console.log(error.name, error.code, error.cause));
await scheduler.wait(1);
await scheduler.yield();
