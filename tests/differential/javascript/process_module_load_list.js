console.log(process.moduleLoadList.length);
console.log(process.moduleLoadList.join('\n'));
