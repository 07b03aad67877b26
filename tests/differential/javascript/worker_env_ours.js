// kiln: {"env": {"KILN_STANDBY_FD": "1", "KILN_SOCKET": "2"}}
const { Worker, SHARE_ENV } = require('worker_threads');
for (const env of [process.env, SHARE_ENV]) new Worker('process.stdout.write(`${process.env.KILN_STANDBY_FD} ${Object.keys(require.cache).length}\\n`)', { eval: true, env });
