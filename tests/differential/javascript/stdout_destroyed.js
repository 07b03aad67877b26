process.stdout.destroy();
console.log('silent');
process.stdout.write('silent too\n', (error) => console.error(error?.code));
setTimeout(() => console.error('still running', process.stdout.destroyed), 2);
