// kiln: {"stdin": "x"}
const { stdin } = process;
console.log(stdin.fd, stdin.isTTY, stdin.constructor.name, stdin.readable, stdin.readableFlowing, stdin.readableHighWaterMark, stdin.isRaw, stdin.bytesRead, stdin.pending, stdin.allowHalfOpen);
console.log(Object.keys(stdin).sort().join(' '), stdin.eventNames(), stdin.listenerCount('end'));
console.log(Object.getOwnPropertyDescriptor(process, 'stdin').enumerable, require('tty').isatty(0), stdin === process.stdin);
