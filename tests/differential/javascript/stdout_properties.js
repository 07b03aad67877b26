for (const name of ['stdout', 'stderr']) {
  const stream = process[name];
  console.log(stream.fd, stream.isTTY, stream._type, stream._isStdio, stream.constructor.name, stream.columns, stream.writable, stream.writableHighWaterMark, stream.writableLength, stream.destroySoon === stream.destroy);
  console.log(Object.keys(stream).sort().join(' '), stream.eventNames());
}
