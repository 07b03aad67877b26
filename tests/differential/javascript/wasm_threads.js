const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
console.log(memory.buffer.constructor.name, memory.buffer.byteLength, memory.grow(1), memory.buffer.byteLength);
try {
  memory.grow(1);
} catch (error) {
  console.log(error.message);
}
const { WASI } = require('wasi');
console.log(new WASI({ version: 'preview1' }).getImportObject().wasi_snapshot_preview1 !== undefined);
