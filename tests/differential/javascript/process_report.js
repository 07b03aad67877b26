const report = process.report.getReport();
console.log(report.header.commandLine, report.header.cwd, report.header.event, report.header.trigger);
console.log(Object.keys(report), report.environmentVariables);
console.log(report.libuv.map((handle) => [handle.type, handle.is_active, handle.is_referenced]));
console.log(process.report.directory, process.report.filename, process.report.reportOnSignal);
