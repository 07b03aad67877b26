console.log(import.meta.dirname, this === undefined, new Error('here').stack);
