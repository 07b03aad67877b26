const pause = () => new Promise((resolve) => setTimeout(resolve, 1));
async function innermost() {
  await pause();
  throw new Error('deep');
}
async function middle() {
  await innermost();
}
middle().catch((error) => console.log(error.stack)).then(() => Promise.all([middle()])).catch((error) => console.log(error.stack));
