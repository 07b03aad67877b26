process.stdout.cork();
process.stdout.write('a');
process.stdout.write('b\n');
console.error(process.stdout.writableLength, process.stdout.writableCorked);
process.stdout.uncork();
console.error(process.stdout.writableLength);
