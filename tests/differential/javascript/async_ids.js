const { executionAsyncId, triggerAsyncId, executionAsyncResource, AsyncResource } = require('async_hooks');
console.log(executionAsyncId(), triggerAsyncId(), executionAsyncResource());
console.log(new AsyncResource('OWN').asyncId(), new AsyncResource('OWN').triggerAsyncId());
setTimeout(() => console.log(executionAsyncId(), triggerAsyncId()), 1);
process.nextTick(() => console.log(executionAsyncId(), triggerAsyncId()));
