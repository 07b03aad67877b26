const seen = [];
process.on('unhandledRejection', (reason) => seen.push(reason));
for (let index = 0; index < 5; index++) Promise.reject(index);
Promise.all([Promise.reject('a'), Promise.reject('b')]);
Promise.allSettled([Promise.reject('settled')]);
Promise.any([Promise.reject('c')]);
process.on('exit', (code) => console.log(code, seen));
