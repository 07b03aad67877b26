process.on('exit', (code) => {
  console.log(code);
  process.exitCode = 21;
});
throw new Error('code 1 becomes 21');
