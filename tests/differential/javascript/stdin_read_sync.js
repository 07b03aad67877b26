// kiln: {"stdin": "first\nsecond \u00e9\u4e2d\n\nlast without end"}
const text = require('fs').readFileSync(0, 'utf8');
console.log(JSON.stringify(text), text.split('\n').length, require('fs').readFileSync(0).length);
