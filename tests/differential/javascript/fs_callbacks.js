// Several threads of the pool answer; a program sees what it asked for.
const fs = require('fs');
let left = 8;
for (let index = 0; index < 8; index++) {
  fs.writeFile(`file${index}`, String(index), () => fs.readFile(`file${index}`, 'utf8', (error, text) => {
    if (Number(text) !== index) console.log('wrong', error);
    if (--left === 0) console.log('all', fs.readdirSync('.').length, process.getActiveResourcesInfo());
  }));
}
