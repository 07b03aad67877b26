for (const name of Object.getOwnPropertyNames(globalThis)) {
  const { get, writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(globalThis, name);
  console.log(name, !!get, writable, enumerable, configurable);
}
