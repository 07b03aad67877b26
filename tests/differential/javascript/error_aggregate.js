const both = new AggregateError([new Error('one'), new RangeError('two'), 'three'], 'both');
console.log(both.errors.length, both.message);
throw both;
