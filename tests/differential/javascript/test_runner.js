const { test, describe, it, mock } = require('node:test');
const assert = require('node:assert');
const write = process.stdout.write;
process.stdout.write = function (chunk, ...rest) {
  return write.call(this, String(chunk).replace(/duration_ms:? [\d.]+/g, 'duration_ms N').replace(/\([\d.]+ms\)/g, '(N)'), ...rest);
};
test('passes', (context) => context.test('inner', () => {}));
test('fails', () => assert.strictEqual(1, 2));
test('skipped', { skip: true }, () => {});
describe('group', () => it('mocks', () => {
  const f = mock.fn();
  f(1);
  assert.deepStrictEqual(f.mock.calls[0].arguments, [1]);
}));
process.on('exit', (code) => console.error(code, process.exitCode));
