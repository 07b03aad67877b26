// Collections keep their order whatever the hashes of this process are.
const names = Array.from({ length: 50 }, (_, index) => `key${(index * 37) % 50}`);
console.log([...new Set(names)].join(), Object.keys(Object.fromEntries(names.map((name) => [name, 1]))).join(), [...new Map(names.map((name, index) => [name, index])).values()].join());
