// kiln: {"files": {"package.json": "{\"type\": \"module\"}"}}
const fs = require('fs');
