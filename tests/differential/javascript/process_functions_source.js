for (const name of Object.getOwnPropertyNames(process)) {
  const { value } = Object.getOwnPropertyDescriptor(process, name);
  if (typeof value === 'function') console.log(name, value.name, value.length, value.toString().length);
}
