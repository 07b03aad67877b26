const flags = process.allowedNodeEnvironmentFlags;
console.log(flags.size, flags.has('--require'), flags.has('-r'), flags.has('--no-such-flag'));
