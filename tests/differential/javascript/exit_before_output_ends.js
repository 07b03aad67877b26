// More than a pipe holds: the status is kept until everything is written.
process.stdout.write('x'.repeat(300000) + '\n', () => process.stderr.write('written\n'));
process.exitCode = 1;
process.on('exit', (code) => process.stderr.write(`exit ${code} ${process.stdout.writableLength}\n`));
