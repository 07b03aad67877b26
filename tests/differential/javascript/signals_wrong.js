for (const call of [() => process.on('SIGKILL', () => {}), () => process.on('SIGSTOP', () => {}), () => process.kill(process.pid, 0), () => process.kill(999999), () => process.kill('x')]) {
  try {
    console.log(call() === process || 'called');
  } catch (error) {
    console.log(error.code, error.message);
  }
}
