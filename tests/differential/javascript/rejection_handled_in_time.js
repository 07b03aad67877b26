const soon = Promise.reject(new Error('soon'));
process.nextTick(() => soon.catch((error) => console.log('caught in a tick', error.message)));
const later = Promise.reject(new Error('later'));
queueMicrotask(() => later.catch((error) => console.log('caught in a microtask', error.message)));
process.on('exit', (code) => console.log(code));
