const fs = require('fs');
fs.createReadStream(__filename, { start: 0, end: 10 }).pipe(fs.createWriteStream('copy')).on('close', () => {
  console.log(fs.readFileSync('copy', 'utf8'));
  fs.createReadStream('absent').on('error', (error) => console.log(error.code));
});
