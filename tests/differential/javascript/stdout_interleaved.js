// Both streams are the same kind of pipe; each keeps its own order.
for (let index = 0; index < 200; index++) {
  console.log('out', index);
  console.error('err', index);
}
