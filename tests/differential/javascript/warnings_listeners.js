const { EventEmitter } = require('events');
const emitter = new EventEmitter();
for (let index = 0; index < 12; index++) emitter.on('event', () => {});
for (let index = 0; index < 11; index++) process.on('exit', () => {});
console.log(EventEmitter.defaultMaxListeners, process.listenerCount('exit'));
