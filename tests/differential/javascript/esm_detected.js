import { basename } from 'node:path';
console.log(basename(import.meta.url), await Promise.resolve('awaited'), typeof require);
