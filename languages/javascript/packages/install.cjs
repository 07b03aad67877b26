// Installs packages with npm, and writes what that makes to standard output as a tar archive. The arguments are requirements.
// What npm says goes to standard error, and its exit code is this program's.
'use strict';

const { spawnSync } = require('node:child_process');
const { mkdirSync } = require('node:fs');
const { pipeline } = require('node:stream');

// Where the official image has it, too.
const NPM = '/usr/local/lib/node_modules/npm';
const DIRECTORY = 'installed';
const OPTIONS = ['--no-audit', '--no-fund', '--no-update-notifier', '--no-progress', '--cache=/tmp/npm',
  '--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-timeout=30000', '--logs-max=0'];

mkdirSync(DIRECTORY);
const words = [`${NPM}/bin/npm-cli.js`, 'install', ...OPTIONS, `--prefix=${DIRECTORY}`, ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, words, { stdio: ['ignore', 2, 2] });
if (status !== 0) {
  process.exitCode = status ?? 1;
} else {
  const tar = require(`${NPM}/node_modules/tar`);
  const archive = tar.create({ cwd: `${DIRECTORY}/node_modules`, sync: false }, ['.']);
  pipeline(archive, process.stdout, (error) => {
    if (error) throw error;
  });
}
