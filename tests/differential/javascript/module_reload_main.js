if (!globalThis.again) {
  globalThis.again = true;
  delete require.cache[__filename];
  console.log('again', require('./main.js').value);
} else {
  module.exports.value = [require.main === module, module.parent?.id, module.id];
}
