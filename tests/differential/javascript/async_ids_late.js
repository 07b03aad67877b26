// The numbers that a program's first resources get.
const { AsyncResource } = require('async_hooks');
const server = require('net').createServer();
server.listen(0, () => {
  console.log(new AsyncResource('X').asyncId());
  server.close();
});
