// kiln: {"files": {"data.json": "{\"a\": [1, 2]}"}}
import data from './data.json' with { type: 'json' };
console.log(data);
await import('./data.json').catch((error) => console.log(error.code, error.message));
await import('./data.json', { with: { type: 'css' } }).catch((error) => console.log(error.code, error.message));
