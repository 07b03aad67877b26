const vm = require('vm');
new vm.Script('import("fs")').runInThisContext().catch((error) => console.log(error.code, error.message));
new vm.Script('import("path")', { importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER }).runInThisContext().then((path) => console.log(path.sep));
