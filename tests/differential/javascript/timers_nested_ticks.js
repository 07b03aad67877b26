const order = [];
process.nextTick(() => {
  order.push(1);
  process.nextTick(() => order.push(4));
  queueMicrotask(() => {
    order.push(5);
    process.nextTick(() => order.push(6));
  });
});
process.nextTick((...args) => order.push(...args), 2, 3);
setTimeout(() => console.log(order), 3);
