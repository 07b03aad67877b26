// kiln: {"stdin": "partly\n"}
// Only to have looked at it does not keep the process alive.
process.stdin.once('readable', () => {
  console.log(JSON.stringify(String(process.stdin.read(4))));
  process.stdin.unref();
  process.stdin.pause();
});
