const { spawn } = require('child_process');
const child = spawn('sh', ['-c', 'cut -d" " -f1,5,6 /proc/self/stat | tr " " "\\n" | sort -u | wc -l'], { detached: true });
child.stdout.on('data', (data) => console.log(String(data)));
const attached = spawn('sh', ['-c', `test $(cut -d" " -f6 /proc/self/stat) = ${process.pid} && echo same session`]);
attached.stdout.on('data', (data) => console.error(String(data)));
