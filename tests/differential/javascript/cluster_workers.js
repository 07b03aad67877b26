// kiln: {"args": ["arg"], "env": {"GIVEN": "1"}}
const cluster = require('cluster');
if (cluster.isPrimary) {
  console.log(cluster.isWorker, cluster.worker, process.env.NODE_UNIQUE_ID, cluster.settings);
  const worker = cluster.fork({ EXTRA: 'e' });
  worker.on('message', (message) => console.log(message));
  worker.on('exit', (code, signal) => console.log(code, signal, worker.exitedAfterDisconnect, cluster.settings));
} else {
  process.send([cluster.worker.id, process.argv, process.execArgv, process.env.EXTRA, process.env.GIVEN, 'NODE_UNIQUE_ID' in process.env, Object.keys(require.cache)], () => process.exit(5));
}
