// kiln: {"env": {"__proto__": "a", "constructor": "b", "with space": "c", "with.dot": "d", "1": "e", "length": "f", "toString": "g", "hasOwnProperty": "h"}}
for (const [name, value] of Object.entries(process.env)) console.log(name, value);
console.log(process.env.__proto__, process.env.constructor, process.env[1], process.env.toString);
