// Holds a started Node.js until its program arrives.
//
// Kiln's agent starts `node main.js` before main.js exists, with NODE_OPTIONS="--require=<this file>". Node loads
// this module before it looks at its main module, and here the interpreter waits on the socket whose number is in
// KILN_STANDBY_FD, with the environment that most requests bring, and this file forgotten. Once released it takes the
// arguments and the environment of the request and returns, and Node goes on to run main.js by itself.
//
// It never runs, reads, compiles or resolves the program, it replaces no function of Node's, and it starts nothing
// asynchronous: module systems, stack traces, exit codes and event loop are Node's own, because this is
// `node main.js`. It leaves no module, variable, descriptor, cache entry or listener behind. For the few requests
// that an interpreter that waited cannot serve faithfully it makes way for a new one.
//
// Conversation: this side writes "R"; the other side writes a 4-byte little-endian length and that many bytes:
// NUL-terminated strings, first the count of arguments in decimal, then the arguments, then the whole environment
// as NAME=VALUE. An end of stream before that is complete ends the process with status 0. Anything else that goes
// wrong here ends it with EX_SOFTWARE, so that a program never starts half prepared.

'use strict';

const EX_SOFTWARE = 70;

// Before a message: its length.
const LENGTH_BYTES = 4;
// Most messages are shorter, and are read at once.
const MESSAGE_BYTES = 4096;

// A file with types and nothing else.
const TYPED_FILE = __filename.replace(/standby\.cjs$/, 'typed.cts');

// In Kiln's own image: has the end of the process told before the kernel has taken its memory apart. See holder.h.
const HOLDER = '/opt/kiln/javascript/holder.so';

// Fields of /proc/self/stat, counted from the one after the command's name: where the environment begins and ends.
const ENV_START = 47;
const ENV_END = 48;

// Reports readiness and waits; returns the arguments and the environment, as lists of strings. An end of stream means
// that nobody needs this interpreter any more. The buffers here are never from Buffer's pool, whose position a program
// can see.
function receive(fs, descriptor) {
  let bytes = Buffer.alloc(MESSAGE_BYTES);
  fs.writeSync(descriptor, 'R');
  let end = LENGTH_BYTES;
  for (let filled = 0; filled < end;) {
    const count = fs.readSync(descriptor, bytes, filled, bytes.length - filled, null);
    if (count === 0) process.reallyExit(0);
    filled += count;
    if (filled < LENGTH_BYTES) continue;
    end = LENGTH_BYTES + bytes.readUInt32LE(0);
    if (end > bytes.length) {
      const longer = Buffer.alloc(end);
      bytes.copy(longer, 0, 0, filled);
      bytes = longer;
    }
  }
  const strings = bytes.toString('utf8', LENGTH_BYTES, end).split('\0');
  strings.pop();
  const count = Number(strings.shift());
  return { args: strings.splice(0, count), variables: strings };
}

// Returns this process's memory as a file, and what of it /proc/self/environ shows. Changing variables does not
// change that file, which would go on showing the variables of the standby.
function findStartEnvironment(fs) {
  const stat = fs.openSync('/proc/self/stat', 'r');
  const text = Buffer.alloc(4096);
  const length = fs.readSync(stat, text, 0, text.length, null);
  fs.closeSync(stat);
  // The command's name may hold spaces and parentheses; what follows it starts with field 3.
  const line = text.latin1Slice(0, length);
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const first = Number(fields[ENV_START]);
  return { memory: fs.openSync('/proc/self/mem', 'r+'), first, size: Number(fields[ENV_END]) - first };
}

// Makes /proc/self/environ show as many of the variables as fit, then NULs.
function replaceStartEnvironment(fs, { memory, first, size }, variables) {
  const image = Buffer.alloc(size);
  let end = 0;
  for (const variable of variables) {
    const length = Buffer.byteLength(variable);
    if (end + length >= size) continue;
    image.utf8Write(variable, end, length);
    end += length + 1;
  }
  fs.writeSync(memory, image, 0, size, first);
}

// Returns the environment of a request that adds nothing to it, as the agent sorts it.
function guessVariables() {
  const names = Object.keys(process.env).filter((name) => !name.startsWith('KILN_STANDBY_') && name !== 'NODE_OPTIONS');
  return names.sort().map((name) => `${name}=${process.env[name]}`);
}

// Makes process.env, and with it the C library's environment, exactly these variables in this order.
function replaceEnvironment(variables) {
  for (const name of Object.keys(process.env)) delete process.env[name];
  for (const variable of variables) {
    const equals = variable.indexOf('=');
    if (equals > 0) process.env[variable.slice(0, equals)] = variable.slice(equals + 1);
  }
}

// Whether this interpreter would show that it had been started before the request was known.
function hasStartedTooEarly(fs, variables) {
  // Loading this file made Node look for the package of its current directory. Some versions remember that there
  // was none.
  if (fs.existsSync('package.json')) return true;
  // Before Node 26 process.env cannot put a name that looks like an array's index into the environment.
  return variables.some((variable) => /^\d+=/.test(variable));
}

// Puts an interpreter that has not waited in the place of this one; does not return. What it costs is a plain start.
function startAfresh(args, variables) {
  const env = { __proto__: null };
  for (const variable of variables) {
    const equals = variable.indexOf('=');
    if (equals > 0) env[variable.slice(0, equals)] = variable.slice(equals + 1);
  }
  // As it was named on the command line, in the directory that this process is in.
  const main = process.argv[1].slice(process.argv[1].lastIndexOf('/') + 1);
  if (process.execve) process.execve(process.execPath, [process.argv0, main, ...args], env);
  // Before Node 22.15 a process cannot be replaced, only waited for.
  const { spawnSync } = require('child_process');
  const { status, signal } = spawnSync(process.execPath, [main, ...args], { argv0: process.argv0, env, stdio: 'inherit' });
  if (signal) process.kill(process.pid, signal);
  process.reallyExit(status ?? EX_SOFTWARE);
}

// Has this process's memory held. Node says that the library is no addon; it has done its work then.
function holdMemory(fs) {
  if (!fs.existsSync(HOLDER)) return;
  try {
    process.dlopen({ exports: {} }, HOLDER);
  } catch {
    // As expected.
  }
}

// Loads what Node loads when a program first writes to a pipe: a fifth of a small program's time. Of that a program can see
// the order in which process.moduleLoadList has these modules, and nothing else.
function loadStreams() {
  require('net');
}

// Loads what strips types, which Node does with the first file that has any: most of a small program's time.
function rehearseTypes() {
  require(TYPED_FILE);
  delete require.cache[TYPED_FILE];
  module.children.length = 0;
}

// Makes the environment these variables, wherever it shows.
function take(fs, variables) {
  replaceEnvironment(variables);
  let start;
  try {
    start = findStartEnvironment(fs);
    replaceStartEnvironment(fs, start, variables);
  } catch {
    // No /proc, or a kernel that guards it: the file keeps showing the standby's start.
  }
  if (start) fs.closeSync(start.memory);
}

// Waits for the request and makes this process look as if it had been started with it.
function standBy(descriptor) {
  const fs = require('fs');
  loadStreams();
  holdMemory(fs);
  if ('KILN_STANDBY_TYPES' in process.env) rehearseTypes();
  const guessed = guessVariables();
  take(fs, guessed);
  leave();
  const { args, variables } = receive(fs, descriptor);
  fs.closeSync(descriptor);
  if (hasStartedTooEarly(fs, variables)) startAfresh(args, variables);
  if (variables.length !== guessed.length || variables.some((variable, place) => variable !== guessed[place])) take(fs, variables);
  process.argv.push(...args);
  // Brings the clock of the event loop up to date; what is scheduled by it would otherwise be due at once.
  process.uptime();
}

// Takes this module out of what Node shows of its modules and its options.
function leave() {
  const Module = module.constructor;
  delete require.cache[__filename];
  for (const key of Object.keys(Module._pathCache)) {
    if ([__filename, TYPED_FILE].includes(Module._pathCache[key])) delete Module._pathCache[key];
  }
  const preloaded = Object.getOwnPropertyDescriptor(process, '_preload_modules');
  if (preloaded && preloaded.configurable) {
    const value = preloaded.value.filter((name) => name !== __filename);
    Object.defineProperty(process, '_preload_modules', { ...preloaded, value });
  }
}

try {
  // Worker threads load this file too, and have nothing to wait for; nor has a process without the variable.
  const isWorker = process.abort.disabled === true;
  if (!isWorker && 'KILN_STANDBY_FD' in process.env) standBy(Number(process.env.KILN_STANDBY_FD));
  else leave();
} catch {
  process.reallyExit(EX_SOFTWARE);
}
