// What it prints has addresses in it; so it prints to nowhere.
console.log(process.abort.name, 'disabled' in process.abort);
process.on('exit', () => console.log('never'));
require('fs').closeSync(2);
process.abort();
