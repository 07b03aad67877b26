const offsets = [Buffer.from('a'), Buffer.from('bc'), Buffer.allocUnsafe(10)].map((buffer) => [buffer.byteOffset, buffer.buffer.byteLength]);
console.log(offsets, Buffer.poolSize);
