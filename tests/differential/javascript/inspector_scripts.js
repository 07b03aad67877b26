// Every script that the interpreter knows besides its own, as a debugger is told of them.
const session = new (require('inspector').Session)();
session.connect();
const urls = [];
session.on('Debugger.scriptParsed', ({ params }) => urls.push(params.url));
session.post('Debugger.enable');
console.log(urls.filter((url) => !url.startsWith('node:')));
session.disconnect();
