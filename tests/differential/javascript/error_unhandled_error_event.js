const { EventEmitter } = require('events');
new EventEmitter().emit('error', { not: 'an error' });
