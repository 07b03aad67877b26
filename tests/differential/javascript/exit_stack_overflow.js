let depth = 0;
function deeper() {
  depth++;
  return deeper() + 1;
}
try {
  deeper();
} catch (error) {
  console.log(error instanceof RangeError, error.message, depth > 5000, error.stack.split('\n').length);
}
Error.stackTraceLimit = 2;
deeper();
