import { promisify } from 'node:util';
import { exec, execFile } from 'node:child_process';
console.log(await promisify(exec)('printf hello'), await promisify(execFile)('printf', ['%s', 'there']));
await promisify(exec)('exit 9').catch(({ code, stdout, stderr }) => console.log(code, stdout, stderr));
