// kiln: {"files": {"package.json": "{\"type\": \"commonjs\"}"}}
import fs from 'fs';
console.log('never');
