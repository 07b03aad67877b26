setTimeout(function tick() {
  throw new Error('in a timer');
}, 2);
process.on('exit', (code) => console.log('exit', code));
