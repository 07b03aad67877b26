setTimeout(() => {
  console.log('timer');
  process.exit();
  console.log('never');
}, 5);
setTimeout(() => console.log('never'), 80);
process.exitCode = 12;
process.once('exit', (code) => console.log(code));
