// kiln: {"files": {"typed.ts": "interface Point { x: number }\nexport const point: Point = { x: 1 };\nexport const where = (): string => new Error('typed').stack!.split('\\n')[1];\n", "enum.ts": "enum Colour { Red }\nexport default Colour.Red;\n", "plain.cts": "const n: number = 5;\nmodule.exports = { n };\n"}}
const { point, where } = await import('./typed.ts');
console.log(point, where(), process.features.typescript);
console.log((await import('./plain.cts')).default);
await import('./enum.ts').catch((error) => console.log(error.code, error.message.split('\n')[0]));
