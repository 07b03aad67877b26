// kiln: {"args": ["one", "", "--flag", "-e", "two words", "\u00e9\u4e2d\ud83d\ude00", "a=b", "--", "new\nline"]}
console.log(JSON.stringify(process.argv));
console.log(process.argv.slice(2).map((argument) => argument.length));
console.log(process.execArgv, process.argv0);
