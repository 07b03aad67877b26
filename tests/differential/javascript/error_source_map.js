// kiln: {"files": {"built.js": "function go() { throw new Error('mapped'); }\ngo();\n//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbIm9yaWdpbmFsLnRzIl0sIm5hbWVzIjpbXSwibWFwcGluZ3MiOiJBQUFBIn0="}}
console.log(process.sourceMapsEnabled, require('module').findSourceMap('/workspace/built.js'));
try {
  require('./built');
} catch (error) {
  console.log(error.stack.split('\n').slice(0, 3));
}
process.setSourceMapsEnabled(true);
console.log(process.sourceMapsEnabled);
