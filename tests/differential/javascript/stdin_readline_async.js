// kiln: {"stdin": "1\n2\n3\n"}
const { createInterface } = require('readline');
(async () => {
  let sum = 0;
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) sum += Number(line);
  console.log(sum);
})();
