console.log(require('module').builtinModules.join(' '), require('module').isBuiltin?.('fs'));
