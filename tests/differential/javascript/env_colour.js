// kiln: {"env": {"FORCE_COLOR": "1"}}
console.log({ a: 1, b: 'two', c: null }, [true, undefined]);
console.log(process.stdout.hasColors, process.stdout.getColorDepth);
console.error(new Error('coloured?').message);
throw new TypeError('in colour');
