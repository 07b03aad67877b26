const bytes = Buffer.from('AGFzbQEAAAABBwFgAn9/AX8DAgEABwcBA2FkZAAACgkBBwAgACABags=', 'base64');
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
console.log(exports.add(2, 40), exports, WebAssembly.validate(new Uint8Array(4)));
WebAssembly.instantiate(bytes).then(({ instance }) => console.log(instance.exports.add(2 ** 31, 0)))
  .then(() => WebAssembly.compile(new Uint8Array([0, 97]))).catch((error) => console.log(error.name, error.message));
