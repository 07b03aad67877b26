console.log(process.exitCode, Object.getOwnPropertyDescriptor(process, 'exitCode').enumerable);
process.exitCode = 300;
for (const wrong of ['x', 1.5, {}, true]) {
  try {
    process.exitCode = wrong;
  } catch (error) {
    console.log(error.code, error.message);
  }
}
process.on('exit', (code) => console.log('exit', code));
