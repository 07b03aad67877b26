// kiln: {"files": {"package.json": "{\"type\": \"module\"}"}}
process.on('exit', (code) => console.log('exit', code, process.exitCode));
console.log('waiting');
await new Promise(() => {});
console.log('never');
