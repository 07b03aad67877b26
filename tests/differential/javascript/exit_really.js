process.on('exit', () => console.log('never'));
require('fs').writeSync(1, `${typeof process.reallyExit} ${process.reallyExit.length}\n`);
process.reallyExit(7);
