// kiln: {"files": {"data.json": "{\"a\": 1,}"}}
require('./data.json');
