const v8 = require('v8');
const value = { when: new Date(0), map: new Map([[1, { a: [undefined, NaN] }]]), big: 10n, bytes: new Uint8Array([1, 2]), error: new RangeError('r') };
value.self = value;
console.log(v8.serialize({ a: 1 }).toString('hex'), v8.deserialize(v8.serialize(value)).self.map);
