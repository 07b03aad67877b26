const tls = require('tls');
console.log(tls.rootCertificates.length, tls.getCACertificates?.('extra').length, tls.getCACertificates?.('default').length, tls.DEFAULT_MIN_VERSION, tls.DEFAULT_CIPHERS.length, require('crypto').constants.defaultCipherList === tls.DEFAULT_CIPHERS);
