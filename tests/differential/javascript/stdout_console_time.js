const seen = [];
const { Console } = console;
const { Writable } = require('stream');
const own = new Console(new Writable({ write: (chunk, encoding, done) => done(seen.push(String(chunk).replace(/[\d.]+(ms|s)/, 'N$1')) && null) }));
own.time('t');
own.timeLog('t', 'more');
own.timeEnd('t');
own.timeEnd('t');
console.log(seen);
