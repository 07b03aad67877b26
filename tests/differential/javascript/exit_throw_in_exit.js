process.on('exit', () => {
  throw new RangeError('while leaving');
});
console.log('before');
