const { stripTypeScriptTypes } = require('module');
console.log(stripTypeScriptTypes?.('const a: number = 1;'), Object.keys(require('module')._extensions));
