const original = { date: new Date(0), set: new Set([1n]), nested: { re: /x/g }, error: new TypeError('t', { cause: 1 }) };
original.self = original;
const copy = structuredClone(original);
console.log(copy.self === copy, copy.date, copy.set, copy.nested, copy.error.message, copy.error.cause);
try {
  structuredClone(() => {});
} catch (error) {
  console.log(error.name, error.code, error.message);
}
const buffer = new ArrayBuffer(8);
console.log(structuredClone(buffer, { transfer: [buffer] }).byteLength, buffer.byteLength);
