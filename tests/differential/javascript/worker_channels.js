const { MessageChannel, receiveMessageOnPort, BroadcastChannel, Worker, moveMessagePortToContext } = require('worker_threads');
const { port1, port2 } = new MessageChannel();
const buffer = new ArrayBuffer(4);
port1.postMessage({ buffer }, [buffer]);
console.log(receiveMessageOnPort(port2), receiveMessageOnPort(port2), buffer.byteLength, moveMessagePortToContext.length);
const channel = new BroadcastChannel('kiln');
channel.onmessage = ({ data }) => {
  console.log(data);
  channel.close();
};
new Worker('new (require("worker_threads").BroadcastChannel)("kiln").postMessage("from the worker"); process.exit()', { eval: true });
