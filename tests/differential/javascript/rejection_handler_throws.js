process.on('unhandledRejection', (reason) => {
  throw new Error(`while handling: ${reason}`);
});
Promise.reject('first');
