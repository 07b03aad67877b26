// Options that Node reads again for each worker.
const { Worker } = require('worker_threads');
for (const execArgv of [['--no-such-option'], ['--title=x'], ['--max-old-space-size=50']]) {
  try {
    new Worker('', { eval: true, execArgv });
  } catch (error) {
    console.log(error.code, error.message);
  }
}
new Worker('Error.stackTraceLimit; console.log(process.execArgv, new Error("limited").stack.split("\\n").length)', { eval: true, execArgv: ['--stack-trace-limit=1', '--trace-warnings'] }).on('error', (error) => console.log(error.message));
