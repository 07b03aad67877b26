import { readFile, writeFile, mkdir, readdir, open, appendFile } from 'node:fs/promises';
await mkdir('deep/er', { recursive: true });
await writeFile('deep/er/file', 'one\n');
await appendFile('deep/er/file', 'two\n');
await using handle = await open('deep/er/file');
for await (const line of handle.readLines()) console.log(line);
console.log((await readdir('.', { recursive: true })).sort(), await readFile('deep/er/absent').catch((error) => error.message));
