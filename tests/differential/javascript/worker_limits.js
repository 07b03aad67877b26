const { Worker } = require('worker_threads');
new Worker('const all = []; for (;;) all.push(new Array(10000).fill(all));', { eval: true, resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 } })
  .on('error', (error) => console.log(error.code, error.message))
  .on('exit', (code) => console.log(code));
