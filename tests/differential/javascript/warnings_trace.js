process.traceDeprecation = true;
require('util').deprecate(() => {}, 'traced', 'OLD2')();
process.traceProcessWarnings = true;
process.emitWarning('with a stack');
process.noDeprecation = true;
require('util').deprecate(() => {}, 'unseen', 'OLD3')();
