process.on('exit', (code) => {
  console.log('first', code);
  process.exit(code + 1);
});
process.on('exit', () => console.log('never'));
process.on('beforeExit', () => {
  console.log('beforeExit');
  process.exit(5);
});
