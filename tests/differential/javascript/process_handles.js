console.log(process._getActiveHandles().length, process._getActiveRequests().length);
console.log(process.getActiveResourcesInfo());
console.log(1);
console.log(process.getActiveResourcesInfo());
setTimeout(() => {}, 1);
console.log(process.getActiveResourcesInfo());
process.stdin;
console.log(process.getActiveResourcesInfo());
