// kiln: {"stdin": "Kiln\n42\n"}
import { createInterface } from 'node:readline/promises';
const asker = createInterface({ input: process.stdin, output: process.stdout });
console.log(await asker.question('Name? '));
asker.close();
