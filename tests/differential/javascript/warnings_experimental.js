const { DatabaseSync } = process.getBuiltinModule?.('node:sqlite') ?? {};
console.log(typeof DatabaseSync);
process.on('warning', (warning) => console.log(warning.name));
