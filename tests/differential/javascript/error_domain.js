const domain = require('domain').create();
domain.on('error', (error) => console.log('domain', error.message, error.domainThrown));
domain.run(() => setTimeout(() => {
  throw new Error('in the domain');
}, 1));
console.log(process.domain);
