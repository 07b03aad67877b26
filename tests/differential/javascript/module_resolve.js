console.log(require.resolve.paths('x'), require.resolve.paths('./x'), require.resolve.paths('fs'), require.resolve('./main.js'), require.resolve('fs'));
console.log(Object.keys(require.extensions), Object.getOwnPropertyNames(require));
