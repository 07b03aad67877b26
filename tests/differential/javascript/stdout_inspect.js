class Shape { #hidden = 1; visible = new Map([[{ a: 1 }, new Set([1])]]); get computed() { return 1; } static kind = 'x'; }
console.log(new Shape(), Shape, [undefined, , null, -0, 10n, Symbol('s')], new Proxy({}, {}), function f() {}, () => {}, async () => {}, class {}, new Date(0), /x/g);
const circular = { name: 'c' };
circular.self = circular;
console.log(circular, [[[[[]]]]], 'x'.repeat(120).length, ['a'.repeat(80), 'b'.repeat(80)], new Array(200).fill(7), new WeakMap(), Object.create(null), globalThis === global);
