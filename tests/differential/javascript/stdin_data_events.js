// kiln: {"stdin": "a few\nlines\nhere\n"}
const seen = [];
process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk) => seen.push(chunk));
for (const event of ['end', 'close', 'pause', 'resume', 'error']) process.stdin.on(event, () => console.log(event, JSON.stringify(seen.join(''))));
process.on('exit', () => console.log(process.stdin.destroyed, process.stdin.readableEnded));
