// Both timers are due when the loop gets to them.
setTimeout(() => console.log('second'), 6);
setTimeout(() => console.log('first'), 2);
const end = Date.now() + 15;
while (Date.now() < end);
