// kiln: {"env": {"KILN_STANDBY_FD": "0", "KILN_OTHER": "1"}}
console.log(process.env.KILN_STANDBY_FD, process.env.KILN_OTHER);
const { Worker } = require('worker_threads');
new Worker('console.log(process.env.KILN_STANDBY_FD, Object.keys(require.cache))', { eval: true });
