const show = (name) => () => console.log(name, new Error().stack.split('\n').slice(1).join('\n'));
process.nextTick(show('nextTick'));
queueMicrotask(show('microtask'));
Promise.resolve().then(show('promise'));
setImmediate(show('immediate'));
setTimeout(show('timeout'), 1);
