const fs = require('fs');
fs.writeFileSync('made.txt', 'x');
fs.mkdirSync('made');
console.log(fs.statSync('made.txt').mode.toString(8), fs.statSync('made').mode.toString(8), fs.statSync('made.txt').uid === process.getuid());
console.log(process.umask(0o077), process.umask());
fs.writeFileSync('private.txt', 'x');
console.log(fs.statSync('private.txt').mode.toString(8));
for (const path of ['/etc/made', '/root/x', '/proc/1/mem']) {
  try {
    fs.writeFileSync(path, 'x');
  } catch (error) {
    console.log(error.code, error.path);
  }
}
