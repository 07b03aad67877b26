Error.prepareStackTrace = (error, sites) => sites.map((site) => [
  site.getFileName(), site.getLineNumber(), site.getColumnNumber(), site.getFunctionName(), site.getTypeName(), site.isToplevel(), site.isNative(), site.isEval(), site.isAsync(), site.getEvalOrigin?.(),
]);
console.log(new Error('sites').stack);
setTimeout(function later() {
  console.log(new Error('later').stack);
}, 1);
const { getCallSites } = require('util');
if (getCallSites) console.log(getCallSites().map((site) => [site.functionName, site.scriptName, site.lineNumber, site.columnNumber]), getCallSites(1).length);
