const { enableCompileCache, getCompileCacheDir, constants } = require('module');
console.log(getCompileCacheDir?.(), constants?.compileCacheStatus);
const { status } = enableCompileCache?.('/tmp/cache') ?? {};
console.log(status, require('fs').existsSync('/tmp/cache'));
