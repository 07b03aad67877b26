// kiln: {"files": {"next.js": "console.log(process.argv, process.execArgv, process.env, process.argv0, Object.keys(require.cache), require('fs').readdirSync('/proc/self/fd').length);"}}
if (process.execve) {
  process.execve(process.execPath, ['own-name', 'next.js', 'argument'], { ONLY: 'this' });
} else {
  console.log('older');
}
