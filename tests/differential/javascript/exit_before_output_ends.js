process.stdout.write('x'.repeat(300000) + '\n');
process.stderr.write('y'.repeat(100000) + '\n');
process.exit(1);
