process.on('warning', (warning) => console.log(warning.name, warning.code, warning.message));
process.emitWarning('plain');
process.emitWarning('typed', { type: 'OwnWarning', code: 'OWN1', detail: 'some detail' });
process.emitWarning('old', 'DeprecationWarning', 'DEP_OWN');
process.emitWarning('old', 'DeprecationWarning', 'DEP_OWN');
process.emitWarning(new Error('an error as a warning'));
console.log('printed later');
