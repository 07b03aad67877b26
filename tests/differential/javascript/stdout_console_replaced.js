const write = process.stdout.write;
const seen = [];
process.stdout.write = function (chunk, ...rest) {
  seen.push([chunk, rest.length]);
  return true;
};
console.log('captured', { a: 1 });
console.table([1]);
process.stdout.write = write;
console.log(seen);
