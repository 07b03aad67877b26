const { execFile } = require('child_process');
const controller = new AbortController();
execFile('sleep', ['5'], { signal: controller.signal }, (error) => console.log(error.name, error.code, error.cause?.name));
setTimeout(() => controller.abort(), 5);
