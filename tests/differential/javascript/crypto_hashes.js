const crypto = require('crypto');
console.log(crypto.createHash('sha256').update('kiln').digest('hex'), crypto.createHmac('sha1', 'k').update('v').digest('base64'), crypto.getHashes().length, crypto.getCiphers().length, crypto.getFips());
console.log(crypto.scryptSync('p', 's', 8).toString('hex'), crypto.hash?.('md5', 'x'));
crypto.subtle.digest('SHA-1', Buffer.from('x')).then((digest) => console.log(Buffer.from(digest).toString('hex')));
crypto.pbkdf2('p', 's', 10, 8, 'sha512', (error, key) => console.log(key.toString('hex')));
