// Where the exception of a listener comes from, as frames of Node itself show it.
process.on('exit', () => console.log(new Error('in exit').stack));
process.on('beforeExit', () => console.log(new Error('in beforeExit').stack));
