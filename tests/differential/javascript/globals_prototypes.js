// Nobody has been here: each built-in object has the properties it was born with.
for (const name of ['Object', 'Array', 'String', 'Function', 'Promise', 'Map', 'Symbol', 'RegExp', 'Error', 'Buffer', 'Uint8Array', 'EventTarget', 'URL']) {
  const value = globalThis[name];
  console.log(name, Object.getOwnPropertyNames(value).length, Object.getOwnPropertyNames(value.prototype).join(' '));
}
