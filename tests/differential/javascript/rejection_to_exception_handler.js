process.on('uncaughtException', (error, origin) => console.log(error.message, error.code, origin));
process.on('uncaughtExceptionMonitor', (error, origin) => console.log('monitor', error.message, origin));
Promise.reject(new Error('an error'));
Promise.reject('a string');
