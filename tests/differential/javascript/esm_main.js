// kiln: {"files": {"package.json": "{\"type\": \"module\"}"}, "args": ["one"]}
import process from 'node:process';
console.log(import.meta.url, import.meta.filename, import.meta.dirname, import.meta.main, Object.keys(import.meta), Object.getPrototypeOf(import.meta));
console.log(typeof require, typeof module, typeof exports, typeof __filename, typeof this, process.argv, process.mainModule);
console.log(import.meta.resolve('./main.js'), import.meta.resolve('fs'), import.meta.resolve.length);
