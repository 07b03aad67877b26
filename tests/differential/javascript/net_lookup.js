const dns = require('dns');
dns.lookup('localhost', (error, address, family) => console.log(error, address, family));
console.log(dns.getServers().length >= 0, dns.getDefaultResultOrder(), require('net').getDefaultAutoSelectFamily());
