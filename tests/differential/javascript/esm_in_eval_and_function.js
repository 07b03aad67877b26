// Where import() inside made-up code thinks it is.
const found = [];
eval('import("./main.js?x")').catch((error) => found.push(error.code));
found.push(typeof new Function('return import("fs")')());
(0, eval)('import("path")').then((path) => console.log(found, path.sep), (error) => console.log(error.code, error.message));
