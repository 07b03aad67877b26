for (const call of [() => Buffer.alloc('x'), () => require(''), () => require('fs').readFile('x'), () => process.chdir(5), () => new URL('::'), () => process.kill(process.pid, 'SIGNONE')]) {
  try {
    call();
  } catch (error) {
    console.log(error.stack);
    console.log({ ...error });
  }
}
