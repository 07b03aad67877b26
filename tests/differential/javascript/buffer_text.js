console.log(Buffer.from('h\u00e9llo').toString('base64'), new TextDecoder('utf-16le').decode(Buffer.from('hi', 'utf16le')));
console.log(new TextEncoder().encode('\u20ac'), Buffer.from([255, 254]).toString('utf8'), btoa('x'), atob('eA=='));
try {
  new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([255]));
} catch (error) {
  console.log(error.name, error.code);
}
