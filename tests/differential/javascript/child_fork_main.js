// kiln: {"args": ["top"]}
const { fork } = require('child_process');
if (process.send) {
  process.send([process.argv, process.execArgv, process.channel?.constructor.name, 'NODE_CHANNEL_FD' in process.env, process.listenerCount('message')]);
  process.disconnect();
} else {
  console.log(process.connected, process.channel, process.send, process.disconnect);
  fork(__filename, ['again'], { serialization: 'advanced' }).on('message', (message) => console.log(message)).on('close', console.log);
}
