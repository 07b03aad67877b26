console.log(process.features, process.release.name, process.version === `v${process.versions.node}`);
console.log(Object.keys(process.config), Object.keys(process.versions));
