// kiln: {"files": {"sub/one.test.js": "require('node:test')('facts', (context) => context.diagnostic(JSON.stringify([process.argv.slice(1), Object.keys(require.cache), process.env.NODE_TEST_CONTEXT, process._preload_modules, Object.keys(process.env).sort()])));"}}
const { run } = require('node:test');
run({ files: ['/workspace/sub/one.test.js'], concurrency: false })
  .on('test:diagnostic', ({ message }) => /duration/.test(message) || console.log(message))
  .on('test:pass', ({ name }) => console.log('pass', name));
