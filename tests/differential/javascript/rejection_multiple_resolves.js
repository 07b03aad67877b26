process.on('multipleResolves', (type, promise, value) => console.log(type, value));
new Promise((resolve, reject) => {
  resolve('first');
  resolve('second');
  reject(new Error('third').message);
});
