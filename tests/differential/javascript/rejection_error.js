Promise.reject(new Error('nobody handles this'));
process.on('exit', (code) => console.log('exit', code));
setTimeout(() => console.log('never'), 20);
