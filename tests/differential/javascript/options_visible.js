// What the command line's options look like to a program that asks in every way there is.
console.log(process.execArgv, process.env.NODE_OPTIONS, process.argv0, process.report.getReport().header.commandLine);
console.log(require('fs').readFileSync('/proc/self/cmdline', 'latin1').includes('require'), process.config.variables.node_without_node_options);
