console.log(Symbol.keyFor(Symbol.for('kiln')), [...new Set(Object.getOwnPropertySymbols(process).concat(Object.getOwnPropertySymbols(globalThis)).map(String))]);
