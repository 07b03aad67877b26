// kiln: {"stdin": "shout this\n"}
const { Transform, pipeline } = require('stream');
const louder = new Transform({ transform: (chunk, encoding, done) => done(null, String(chunk).toUpperCase()) });
pipeline(process.stdin, louder, process.stdout, (error) => console.log(error?.code));
