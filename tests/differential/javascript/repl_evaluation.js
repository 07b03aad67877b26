const { PassThrough } = require('stream');
const output = new PassThrough();
let text = '';
output.on('data', (data) => { text += data; });
const input = new PassThrough();
require('repl').start({ prompt: '> ', input, output, terminal: false }).on('exit', () => console.log(text));
input.end('1 + 1\nconst x = { a: 1 }\nx\nthrow new Error("no")\nObject.keys(require.cache)\n');
