process.on('unhandledRejection', () => {});
process.on('warning', (warning) => console.log(warning.name, warning.message));
const late = Promise.reject(new Error('late'));
setTimeout(() => late.catch(() => {}), 2);
setTimeout(() => console.log('done'), 10);
