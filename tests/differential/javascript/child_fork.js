// kiln: {"files": {"child.js": "process.on('message', (message) => { process.send([message, process.argv.slice(2), process.execArgv, process.connected, Object.keys(process.env).sort(), Object.keys(require.cache), require.main === module]); process.disconnect(); });"}}
const { fork } = require('child_process');
const child = fork('./child.js', ['a', 'b']);
child.on('message', (message) => console.log(JSON.stringify(message)));
child.on('exit', (...args) => console.log(args, child.connected));
child.send({ hello: 'child', map: new Map([[1, 2]]) });
