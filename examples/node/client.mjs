// A client for Kiln from its proto files, without generated code.
//
//   npm ci
//   node client.mjs 127.0.0.1:50051|unix:/run/kiln/kiln.sock [folder of the proto files]
//
// Each part shows one thing and checks it; the first surprise ends the program with an error.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';

import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const [server, folder = fileURLToPath(new URL('../../proto', import.meta.url))] = process.argv.slice(2);
assert(server, 'usage: node client.mjs HOST:PORT|unix:PATH [PROTO FOLDER]');

const definition = loader.loadSync('kiln/v1/executor.proto', {
  includeDirs: [folder],
  enums: String,
  longs: Number,
  defaults: true,
  oneofs: true,
});
const { kiln } = grpc.loadPackageDefinition(definition);
// Replies carry up to 1 MiB per stream and stage by default; gRPC clients accept 4 MiB unless told otherwise.
const client = new kiln.v1.Executor(server, grpc.credentials.createInsecure(), {
  'grpc.max_receive_message_length': 64 << 20,
});

// One unary call as a promise.
const call = (method, request, options = {}) =>
  new Promise((resolve, reject) => {
    client[method](request, new grpc.Metadata(), options, (error, reply) => (error ? reject(error) : resolve(reply)));
  });

// Sends messages and yields answers; the caller may cancel in between.
const stream = (...messages) => {
  const duplex = client.executeStream();
  messages.forEach((message) => duplex.write(message));
  return duplex;
};

console.log('languages:');
const { languages } = await call('listLanguages', {});
for (const { id, version } of languages) console.log(`  ${id.padEnd(12)} ${version || 'not ready'}`);
assert(languages.some(({ id }) => id === 'javascript'));

console.log('a program with input, an argument, a variable, a file and limits:');
const reply = await call('execute', {
  language: 'js',
  code: `
    const fs = require('fs');
    const input = fs.readFileSync(0, 'utf8').trim();
    console.log(process.argv[2], process.env.GREETING, input, fs.readFileSync('data/n.txt', 'utf8'));
  `,
  args: ['argument'],
  env: { GREETING: 'hello' },
  stdin: Buffer.from('from stdin\n'),
  files: [{ path: 'data/n.txt', content: Buffer.from('42') }],
  limits: { memoryBytes: 256 << 20 },
});
console.log(`  ${reply.outcome}: ${JSON.stringify(reply.run.stdout.toString())}, container ${reply.placement.containerId.slice(0, 12)}`);
assert.equal(reply.run.stdout.toString(), 'argument hello from stdin 42\n');

console.log('bytes that are not UTF-8:');
const bytes = await call('execute', { language: 'js', code: 'process.stdin.pipe(process.stdout)', stdin: Buffer.from([0, 255, 10]) });
console.log('  ', bytes.run.stdout);
assert.deepEqual([...bytes.run.stdout], [0, 255, 10]);

console.log('output while the program runs:');
const kinds = [];
const code = 'let n = 0; const t = setInterval(() => { console.log(n++); if (n === 3) clearInterval(t); }, 100);';
for await (const { message, ...answer } of stream({ execute: { language: 'js', code } })) {
  kinds.push(message);
  console.log(`  ${message} ${message === 'stdout' ? JSON.stringify(answer.stdout.toString()) : ''}`);
}
assert.equal(kinds[0], 'started');
assert.equal(kinds.at(-1), 'finished');
assert(kinds.filter((kind) => kind === 'stdout').length >= 2);

console.log('a stream cancelled by a message:');
const endless = { execute: { language: 'js', code: 'setInterval(() => console.log("tick"), 50)' } };
const cancelled = stream(endless);
for await (const { message, ...answer } of cancelled) {
  if (message === 'stdout') cancelled.write({ cancel: {} });
  if (message === 'finished') {
    console.log(`  ${answer.finished.outcome}`);
    assert.equal(answer.finished.outcome, 'OUTCOME_CANCELLED');
    cancelled.end();
  }
}

console.log('a stream abandoned by its caller:');
const abandoned = stream(endless);
try {
  for await (const { message } of abandoned) if (message === 'stdout') abandoned.cancel();
  assert.fail('a cancelled call ends with an error');
} catch (error) {
  console.log(`  ${grpc.status[error.code]}`);
  assert.equal(error.code, grpc.status.CANCELLED);
}

console.log('a mistake:');
try {
  await call('execute', { language: 'cobol', code: 'x' });
  assert.fail('the request is refused');
} catch (error) {
  console.log(`  ${grpc.status[error.code]}: ${error.details}`);
  assert.equal(error.code, grpc.status.INVALID_ARGUMENT);
  // The fields come as google.rpc.BadRequest within google.rpc.Status.
  assert(error.metadata.get('grpc-status-details-bin')[0].includes('BadRequest'));
}

console.log('a deadline of a second on a program without end:');
try {
  await call('execute', { language: 'js', code: 'for (;;) {}' }, { deadline: Date.now() + 1000 });
  assert.fail('the deadline passes');
} catch (error) {
  console.log(`  ${grpc.status[error.code]}: ${error.details}`);
  assert.equal(error.code, grpc.status.DEADLINE_EXCEEDED);
}
client.close();
