// (func (export "go") unreachable)
const bytes = Buffer.from('AGFzbQEAAAABBAFgAAADAgEABwYBAmdvAAAKBQEDAAAL', 'base64');
new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.go();
