require('fs').readFileSync('/absent/file');
