// kiln: {"env": {"SHARED": "start"}}
const { Worker, SHARE_ENV } = require('worker_threads');
const code = 'process.env.SHARED += " worker"; process.env.NEW = "n"; console.log(JSON.stringify(process.env));';
(async () => {
  for (const env of [undefined, SHARE_ENV, { ONLY: 'this' }, process.env]) {
    await new Promise((resolve) => new Worker(code, { eval: true, env }).on('exit', resolve));
    console.log(process.env.SHARED, process.env.NEW);
  }
})();
