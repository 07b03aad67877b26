const timer = setTimeout(() => {}, 5, 'a');
console.log(Object.keys(timer), Object.getOwnPropertySymbols(timer), timer._idleStart >= 0, typeof timer[Symbol.toPrimitive](), timer.refresh() === timer);
clearTimeout(Number(timer));
const immediate = setImmediate(() => {});
console.log(Object.keys(immediate), immediate.hasRef());
clearImmediate(immediate);
console.log(setTimeout(() => {}, 2 ** 31).close().constructor.name);
