// kiln: {"args": ["9"]}
process.on('exit', (code) => console.log('exit', code, process.exitCode));
process.exit(Number(process.argv[2]));
