// kiln: {"env": {"NO_COLOR": "1", "FORCE_COLOR": "3"}}
console.log({ a: 1 });
console.log(require('util').inspect({ a: 1 }, { colors: true }));
const tty = require('tty');
console.log(tty.WriteStream.prototype.getColorDepth(), tty.WriteStream.prototype.hasColors());
