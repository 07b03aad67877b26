async function main() {
  await null;
  throw new TypeError('from an async function');
}
main();
console.log('main has ended');
