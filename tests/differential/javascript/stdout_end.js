process.stdout.on('finish', () => console.error('finish')).on('close', () => console.error('close'));
process.stdout.end('the last\n', () => console.error('ended'));
process.stdout.write('too late\n', (error) => console.error(error.code));
process.stdout.on('error', (error) => console.error(error.message));
