const squares = Array.from({ length: 10 }, (_, n) => n * n);
console.log(`Node ${process.version} says hello; the squares are ${squares}`);
