// kiln: {"files": {"sync.mjs": "export default 'default'; export const named = import.meta.url;", "async.mjs": "await null; export default 1;", "marked.mjs": "export { value as 'module.exports' }; const value = 'unwrapped';"}}
console.log(require('./sync.mjs'), require('./marked.mjs'), Object.keys(require.cache));
try {
  require('./async.mjs');
} catch (error) {
  console.log(error.code, error.message);
}
