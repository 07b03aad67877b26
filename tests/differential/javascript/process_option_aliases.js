for (const name of Object.getOwnPropertyNames(process)) {
  if (name.startsWith('_')) {
    const { value } = Object.getOwnPropertyDescriptor(process, name);
    if (typeof value !== 'function') console.log(name, typeof value === 'object' && value ? Object.keys(value) : value, Array.isArray(value) && value);
  }
}
console.log(process._preload_modules, Object.getOwnPropertyDescriptor(process, '_preload_modules'));
console.log(process._eval, process.noDeprecation, process.traceDeprecation, process.throwDeprecation);
