const chunk = 'y'.repeat(65536);
let written = 0;
function more() {
  while (written < 12) {
    written++;
    if (!process.stdout.write(chunk)) return process.stdout.once('drain', more);
  }
  process.stdout.write('\n', () => console.error('all', written));
}
more();
