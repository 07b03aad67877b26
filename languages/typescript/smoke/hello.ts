interface Square { readonly of: number; readonly is: number }

const square = (of: number): Square => ({ of, is: of * of });
const squares: Square[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(square);
console.log(`TypeScript says hello; the squares are ${squares.map((each) => each.is as number).join(" ")}`);
