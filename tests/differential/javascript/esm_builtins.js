// kiln: {"files": {"package.json": "{\"type\": \"module\"}"}}
import fs, { readFileSync } from 'fs';
import { syncBuiltinESMExports } from 'module';
fs.readFileSync = () => 'replaced';
const before = readFileSync === fs.readFileSync;
syncBuiltinESMExports();
console.log(before, readFileSync === fs.readFileSync, Object.keys(await import('node:path')).length);
