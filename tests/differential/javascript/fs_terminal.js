const tty = require('tty');
console.log([0, 1, 2, 3].map((fd) => tty.isatty(fd)));
try {
  require('fs').openSync('/dev/tty', 'r+');
} catch (error) {
  console.log(error.code);
}
