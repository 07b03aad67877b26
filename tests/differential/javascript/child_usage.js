const { spawnSync, ChildProcess } = require('child_process');
console.log(Object.keys(spawnSync('true')).sort(), spawnSync('sh', ['-c', 'kill -9 $$']).signal);
console.log(spawnSync('sh', ['-c', 'echo $0 $PPID'], { argv0: 'named', encoding: 'utf8' }).stdout.trim() === `named ${process.pid}`, ChildProcess.name);
