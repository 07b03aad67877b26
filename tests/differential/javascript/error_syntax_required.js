// kiln: {"files": {"broken.js": "exports.fine = 1;\n\nreturn return;\n"}}
try {
  require('./broken');
} catch (error) {
  console.log(error.name, error.message, error.stack);
}
console.log(Object.keys(require.cache), module.children.length);
require('./broken.js');
