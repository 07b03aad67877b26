const net = require('net');
const server = net.createServer((socket) => socket.pipe(socket)).listen('own.sock', () => {
  const client = net.connect('own.sock', () => client.end('echo'));
  client.on('data', (data) => console.log(String(data))).on('close', () => server.close(() => console.log('closed')));
});
console.log(process.getActiveResourcesInfo());
