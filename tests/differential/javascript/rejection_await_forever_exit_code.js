// kiln: {"files": {"forever.mjs": "process.on('exit', (code) => { console.log(code); process.exitCode = 3; }); await new Promise(() => {});"}}
import('./forever.mjs').then(() => console.log('never'));
