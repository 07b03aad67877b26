console.log(process.permission, process.execArgv, 'permission' in process, process.features.require_module, process.report.excludeEnv);
