const { mock } = require('node:test');
mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1000 });
setTimeout(() => console.log('mocked', Date.now()), 5000);
mock.timers.tick(5000);
mock.timers.reset();
mock.method(process, 'cwd', () => '/mocked');
console.log(process.cwd(), process.cwd.mock.callCount());
mock.restoreAll();
console.log(process.cwd(), Date.now() > 1e12);
