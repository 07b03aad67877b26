// kiln: {"args": ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"]}
console.log(process.argv.length, process.argv[2].length, process.argv.at(-1));
process.argv.splice(0, 2);
console.log(process.argv);
