console.log([Promise.reject(1).catch(() => {}), Promise.resolve({ a: 1 }), new Promise(() => {})]);
const { inspect } = require('util');
const failed = Promise.reject(new Error('inside'));
failed.catch(() => {});
console.log(inspect(failed).split('\n').slice(0, 3));
