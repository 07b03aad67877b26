// kiln: {"files": {"child.js": "process.on('message', (message, server) => { server.on('connection', (socket) => socket.end('served by the child')); process.send('ready'); });"}}
const net = require('net');
const child = require('child_process').fork('./child.js');
const server = net.createServer().listen(0, '127.0.0.1', () => child.send('server', server, () => server.close()));
const { once } = require('events');
(async () => {
  await once(server, 'listening');
  const { port } = server.address();
  await once(child, 'message');
  net.connect(port, '127.0.0.1').on('data', (data) => console.log(String(data))).on('close', () => child.kill());
  child.on('exit', (code, signal) => console.log(code, signal));
})();
