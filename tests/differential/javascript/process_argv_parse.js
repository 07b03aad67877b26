// kiln: {"args": ["--name", "kiln", "-v", "rest", "--", "--not-a-flag"]}
const { parseArgs } = require('node:util');
console.log(parseArgs({ options: { name: { type: 'string' }, v: { type: 'boolean', short: 'v' } }, allowPositionals: true }));
