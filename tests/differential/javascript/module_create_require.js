const { createRequire } = require('module');
const other = createRequire('/workspace/sub/dir/file.js');
console.log(other.main === module, other.resolve.paths('x'));
try {
  other('./nothing');
} catch (error) {
  console.log(error.message);
}
