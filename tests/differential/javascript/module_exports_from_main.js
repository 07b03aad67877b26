module.exports = { replaced: true };
setImmediate(() => console.log(require('./main.js'), require.main.exports));
