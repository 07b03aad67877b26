// As deep as in any other program: nothing below it uses the stack. Compilers make smaller frames when they get to it.
const v8 = require('v8');
for (const flag of ['--no-opt', '--no-maglev', '--no-sparkplug']) v8.setFlagsFromString(flag);
let depth = 0;
const deeper = new Function('note', 'return function deeper() { note(); deeper(); }')(() => depth++);
try {
  deeper();
} catch (error) {
  console.log(error.message, depth);
}
