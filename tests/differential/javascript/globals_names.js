console.log(Object.getOwnPropertyNames(globalThis).join('\n'));
console.log(Object.getOwnPropertySymbols(globalThis), Object.keys(globalThis));
