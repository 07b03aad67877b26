const { createHook, executionAsyncId } = require('async_hooks');
const { writeSync } = require('fs');
const hook = createHook({ init: (id, type, trigger) => writeSync(1, `init ${id} ${type} ${trigger} ${executionAsyncId()}\n`), before: (id) => writeSync(1, `before ${id}\n`), after: (id) => writeSync(1, `after ${id}\n`) }).enable();
Promise.resolve().then(() => {});
process.nextTick(() => {});
setImmediate(() => hook.disable());
