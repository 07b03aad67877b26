console.log(process.env);
console.log(Object.keys(process.env), Object.getOwnPropertyNames(process.env));
console.log('NODE_OPTIONS' in process.env, process.env.NODE_OPTIONS, Object.keys(process.env).filter((name) => name.startsWith('KILN')));
