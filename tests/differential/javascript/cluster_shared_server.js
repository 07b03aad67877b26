const cluster = require('cluster');
const net = require('net');
if (cluster.isPrimary) {
  const worker = cluster.fork();
  cluster.on('listening', (_, { address, port }) => net.connect(port, address).on('data', (data) => console.log(String(data))).on('close', () => worker.disconnect()));
  worker.on('exit', (code) => console.log(code, worker.exitedAfterDisconnect));
} else {
  net.createServer((socket) => socket.end('from the worker')).listen(0, '127.0.0.1');
}
