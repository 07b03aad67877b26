// kiln: {"files": {"leaves.js": "console.log('leaving', module.parent.id, module.loaded); process.exit(6);"}}
process.on('exit', () => console.log(module.loaded, module.children.length, module.children[0].loaded));
require('./leaves');
console.log('never');
