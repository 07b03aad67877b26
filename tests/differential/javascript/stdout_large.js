const line = 'a line of text that is repeated until pipes are full\n';
for (let index = 0; index < 20000; index++) process.stdout.write(line);
console.log(process.stdout.writableFinished, process.stdout.writableEnded);
