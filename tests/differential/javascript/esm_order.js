// kiln: {"files": {"one.mjs": "console.log('one starts'); await null; console.log('one ends');", "two.mjs": "console.log('two');", "three.cjs": "console.log('three', module.parent, require.main);"}}
import './one.mjs';
import './two.mjs';
import './three.cjs';
console.log('main');
