const original = process.reallyExit;
process.reallyExit = function (code) {
  console.log('reallyExit', code, this === process);
  original.call(process, 8);
};
process.exit(3);
