// kiln: {"stdin": "as a web stream"}
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
console.log(await text(Readable.toWeb(process.stdin)));
