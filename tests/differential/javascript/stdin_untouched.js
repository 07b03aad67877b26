// kiln: {"stdin": "nobody reads this\n"}
console.log('done', process.getActiveResourcesInfo());
process.on('exit', () => console.log('exit'));
