// No socket is left of a conversation that the program had no part in.
const fs = require('fs');
const sockets = fs.readdirSync('/proc/self/fd').filter((fd) => {
  try {
    return fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
  } catch {
    return false;
  }
});
console.log(sockets, fs.readFileSync('/proc/self/net/unix', 'utf8').split('\n').length > 0);
