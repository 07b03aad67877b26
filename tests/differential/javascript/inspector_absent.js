const inspector = require('inspector');
console.log(inspector.url(), process.debugPort, process.execArgv);
const session = new inspector.Session();
session.connect();
session.post('Runtime.evaluate', { expression: '1 + 1' }, (error, { result }) => console.log(error, result));
session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, (error) => console.log(error));
session.disconnect();
