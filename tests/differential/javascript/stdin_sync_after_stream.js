// kiln: {"stdin": "all of it\n"}
process.stdin;
const { readSync } = require('fs');
const bytes = Buffer.alloc(100);
try {
  console.log(readSync(0, bytes, 0, 3), String(bytes.subarray(0, 3)));
} catch (error) {
  console.log(error.code);
}
process.stdin.destroy();
