const fs = require('fs');
const open = fs.readdirSync('/proc/self/fd').map(Number).sort((a, b) => a - b);
const shown = open.map((fd) => {
  try {
    return `${fd} ${fs.readlinkSync(`/proc/self/fd/${fd}`).replace(/\d{2,}/g, 'N')}`;
  } catch (error) {
    return `${fd} ${error.code}`;
  }
});
console.log(shown.join('\n'));
console.log(fs.openSync('/dev/null'), fs.openSync('/dev/null'));
