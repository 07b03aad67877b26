// The first timer of a program has the number that the first timer of a fresh interpreter has.
const timers = [setTimeout(() => {}, 1), setInterval(() => {}, 1), setTimeout(() => {}, 0)];
console.log(timers.map(Number), timers.map((timer) => timer._idleTimeout));
timers.forEach((timer) => clearTimeout(timer));
