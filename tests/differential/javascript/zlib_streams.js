const zlib = require('zlib');
const packed = zlib.gzipSync('kiln'.repeat(100));
console.log(packed.length, zlib.gunzipSync(packed).length, zlib.crc32?.('kiln'), zlib.brotliDecompressSync(zlib.brotliCompressSync('x')).toString());
zlib.inflate('not packed', (error) => console.log(error.code, error.message));
