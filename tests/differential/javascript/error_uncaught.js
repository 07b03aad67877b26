function outer() {
  inner({ size: 1 });
}
const inner = ({ size }) => {
  throw new TypeError(`size ${size}`);
};
console.log('before');
outer();
