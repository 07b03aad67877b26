// The message of assert.ok() comes from the source of the file.
const assert = require('assert');
assert.ok(typeof 123 === 'string');
