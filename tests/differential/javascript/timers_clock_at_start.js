// A timer that is set before anything else must not be overtaken by the loop's old time.
const start = Date.now();
setTimeout(() => console.log(Date.now() - start >= 49), 50);
