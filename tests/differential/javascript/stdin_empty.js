console.log(JSON.stringify(require('fs').readFileSync(0, 'utf8')));
process.stdin.on('end', () => console.log('end')).on('data', () => console.log('never')).on('close', () => console.log('close'));
