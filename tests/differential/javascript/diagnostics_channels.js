const { channel, hasSubscribers, subscribe, tracingChannel } = require('diagnostics_channel');
console.log(['module.require.start', 'module.import.start', 'child_process', 'worker_threads', 'net.client.socket', 'http.client.request.start'].map((name) => hasSubscribers(name)));
subscribe('own', (message, name) => console.log(message, name));
channel('own').publish({ a: 1 });
const seen = [];
tracingChannel('module.require').subscribe({ start: ({ id, parentFilename }) => seen.push([id, parentFilename]), end: () => seen.push('end') });
require('zlib');
console.log(seen, channel('own'));
