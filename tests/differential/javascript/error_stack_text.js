console.log(new Error('top').stack);
(function named() {
  console.log(new Error('inside').stack);
})();
[1].forEach(() => console.log(new Error('in a callback of a builtin').stack));
new (class Thing {
  constructor() {
    console.log(new Error('constructing').stack);
  }
})();
console.log(eval('new Error("evaluated").stack'));
