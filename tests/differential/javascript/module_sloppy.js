undeclared = 5;
console.log(undeclared, globalThis.undeclared, (function () { return this === globalThis; })(), delete globalThis.undeclared);
with ({ inner: 1 }) console.log(inner, 010);
