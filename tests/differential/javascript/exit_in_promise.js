process.on('exit', (code) => console.log('exit', code));
(async () => {
  try {
    await null;
    process.exit(4);
  } finally {
    console.log('never');
  }
})();
