// Runs a command with this project's own Node and tools:
//   node scripts/run.mjs <command> [arguments]
// Before that it installs what package-lock.json asks for, if that is not there
// yet. It runs on the Node that the machine has (20 or later), without packages.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const modules = join(root, 'node_modules');
const nodeDirectory = join(modules, 'node', 'bin');
const toolDirectories = [nodeDirectory, join(modules, '.bin')];

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
}

/**
 * npm writes node_modules/.package-lock.json as the last step of an install, so
 * after one that was interrupted it is missing or does not match.
 */
function isInstalled() {
  if (!existsSync(join(nodeDirectory, 'node'))) return false;
  let installed;
  try {
    installed = packagesOf(join(modules, '.package-lock.json'));
  } catch {
    return false;
  }
  const wanted = packagesOf(join(root, 'package-lock.json'));
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true;
    const found = installed[path];
    if (found === undefined) return optional === true;
    return found.version === version && found.integrity === integrity;
  });
}

function pathOf(...directories) {
  const inherited = (process.env.PATH ?? '').split(delimiter);
  const others = inherited.filter((directory) => !toolDirectories.includes(directory));
  return [...directories, ...others].join(delimiter);
}

/** Starts a child and ends as it ends; resolves with the exit code, 128 + n for signal n. */
function run(command, args, options) {
  return new Promise((done) => {
    const child = spawn(command, args, options);
    // A terminal's Ctrl-C reaches the child by itself, as one of the foreground group.
    const signals = process.stdin.isTTY ? ['SIGTERM', 'SIGHUP'] : ['SIGTERM', 'SIGHUP', 'SIGINT'];
    for (const signal of signals) process.on(signal, () => child.kill(signal));
    if (process.stdin.isTTY) process.on('SIGINT', () => {});
    child.on('error', (error) => {
      console.error(`run: cannot start ${command}: ${error.message}`);
      done(127);
    });
    child.on('exit', (code, signal) => done(code ?? 128 + constants.signals[signal]));
  });
}

/**
 * Not `npm ci`: it refuses a lock file without the packages for other platforms, and
 * a registry need not have them all. Without saving, npm takes the locked versions
 * and leaves the lock file as it is; whether they are all there is checked after it.
 */
async function install() {
  console.error('Installing the packages of package-lock.json (npm install, about a minute) …');
  // The tools of an earlier install are not on npm's PATH: it may replace them as it runs.
  const code = await run(
    'npm',
    ['install', '--no-save', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd: root, env: { ...process.env, PATH: pathOf() }, stdio: ['ignore', 2, 2] },
  );
  if (code !== 0) {
    console.error(`npm install failed (exit code ${code}): see above. Nothing was run.`);
    process.exit(code);
  }
  if (!isInstalled()) {
    console.error(
      'npm install succeeded, but node_modules is not what package-lock.json says: package.json ' +
        'asks for something else, or install scripts are off and Node was not unpacked.',
    );
    process.exit(1);
  }
}

const [command, ...args] = process.argv.slice(2);
if (command === undefined) {
  console.error('usage: node scripts/run.mjs <command> [arguments]');
  process.exit(2);
}
if (!isInstalled()) await install();
const env = { ...process.env, PATH: pathOf(...toolDirectories) };
process.exitCode = await run(command, args, { env, stdio: 'inherit' });
