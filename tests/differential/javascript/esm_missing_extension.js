// kiln: {"files": {"lib.js": "export default 1;", "dir/index.js": "export default 2;"}}
for (const name of ['./lib', './dir', './dir/', './lib.js?query=1#hash', 'node:absent', 'file:///absent.mjs', 'https://example.org/x.mjs', '#own']) {
  await import(name).then((found) => console.log(name, found), (error) => console.log(name, error.code, error.message));
}
