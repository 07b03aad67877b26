for (const code of ['12', 'x', 2.5, null, -1]) {
  const { status, stderr } = require('child_process').spawnSync(process.execPath, ['-e', `process.exit(${JSON.stringify(code)})`], { encoding: 'utf8' });
  console.log(code, status, stderr.split('\n').find((line) => line.includes('Error')));
}
process.exit('13');
