// kiln: {"files": {"package.json": "{\"type\": \"module\"}"}}
console.log('before');
await Promise.reject(new RangeError('awaited at the top'));
