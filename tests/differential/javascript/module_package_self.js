// kiln: {"files": {"package.json": "{\"name\": \"own\", \"exports\": {\"./tool\": \"./tool.js\"}, \"imports\": {\"#inner\": \"./inner.js\"}}", "tool.js": "module.exports = 'tool';", "inner.js": "module.exports = 'inner';"}}
console.log(require('own/tool'), require('#inner'));
