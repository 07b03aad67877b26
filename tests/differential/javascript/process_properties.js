const seen = Object.getOwnPropertyNames(process).sort();
console.log(seen.join('\n'));
for (const name of seen) {
  const property = Object.getOwnPropertyDescriptor(process, name);
  console.log(name, !!property.get, property.writable, property.enumerable, property.configurable, typeof property.value);
}
console.log(Object.getOwnPropertyNames(Object.getPrototypeOf(process)), Object.getOwnPropertySymbols(process));
