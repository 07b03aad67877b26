const fs = require('fs');
const opened = [fs.openSync(__filename), fs.openSync('.'), fs.openSync('new.txt', 'w')];
console.log(opened.map((fd) => fd - opened[0]));
fs.closeSync(opened[1]);
console.log(fs.openSync('/dev/null') === opened[1]);
for (const fd of [3, 200, 201, 1000]) {
  try {
    console.log(fd, fs.fstatSync(fd).isSocket());
  } catch (error) {
    console.log(fd, error.code);
  }
}
