// kiln: {"files": {"package.json": "{ not json"}}
console.log('runs?');
