const Module = require('module');
const original = Module._load;
const seen = [];
Module._load = function (request, parent, isMain) {
  seen.push([request, parent?.id, isMain]);
  return original.apply(this, arguments);
};
require('path');
require('os');
console.log(seen, original.name, original.length);
Module._extensions['.txt'] = (loaded, filename) => { loaded.exports = require('fs').readFileSync(filename, 'utf8'); };
require('fs').writeFileSync('note.txt', 'a note');
console.log(require('./note'));
