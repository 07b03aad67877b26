// kiln: {"args": ["one", "two"]}
const { Worker } = require('worker_threads');
const facts = 'console.log(process.argv, process.execArgv, process._preload_modules, process.title, process.abort.disabled, process.eventNames(), process.cwd(), process.umask(), process.stdin.constructor.name, Object.keys(require.cache), process.moduleLoadList.some((name) => name.includes("standby")));';
const worker = new Worker(facts, { eval: true });
worker.on('exit', () => {
  new Worker(facts, { eval: true, argv: ['three'], execArgv: ['--no-warnings'] });
});
