const order = [];
console.log(process.stdout.write('one\n', () => order.push('one')), process.stdout.write('', () => order.push('empty')));
process.nextTick(() => order.push('tick'));
setImmediate(() => console.log(order));
try {
  process.stdout.write(5);
} catch (error) {
  console.log(error.code, error.message);
}
