// kiln: {"stdin_base64": "AAEC/f7/"}
(async () => {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  console.log(Buffer.concat(chunks));
})();
