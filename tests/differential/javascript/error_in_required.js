// kiln: {"files": {"first.js": "\nexports.go = () => require('./second');\n", "second.js": "module.exports = 1;\n\nfunction fail() {\n  null.property;\n}\nfail();\n"}}
require('./first').go();
