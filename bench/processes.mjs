/** Child processes of the benchmarks: held on a core, heard over IPC or by what they print, and ended on every way out. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allowedCores } from './cores.mjs';
import { UsageError } from './usage.mjs';

const BENCH = new URL('./', import.meta.url);
const running = new Set();

function endAll() {
  for (const child of running) child.kill('SIGKILL');
}

process.on('exit', endAll);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    endAll();
    process.exit(130);
  });
}

const platform = `${process.platform}-${process.arch}`;
/** What --node asked for; `null`: nothing. */
let asked = null;
/** Versions of binaries that were asked for theirs, by path. */
const versions = new Map();

function versionAt(path) {
  if (!versions.has(path)) versions.set(path, spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.trim());
  return versions.get(path);
}

/**
 * Has all that follows measured on another Node: `word` is a release that test/hosts/package.json pins, or a path.
 * @throws {UsageError} if there is none
 */
export function measureOn(word) {
  const installed = new URL(`../test/hosts/node_modules/node-${word}-${platform}/bin/node`, BENCH);
  const path = /^\d+$/.test(word) ? fileURLToPath(installed) : resolve(word);
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  if (status !== 0) {
    throw new UsageError(`Cannot measure on Node ${word}: no ${path} (npm ci --prefix test/hosts --ignore-scripts)`);
  }
  asked = { path, version: stdout.trim(), pinned: true };
}

/** The Node that is measured on: as --node says, else the one that bench/package.json pins, or, without it, the one that runs. */
export function nodeOf() {
  if (asked !== null) return asked;
  const pinned = new URL(`node_modules/node-${platform}/bin/node`, BENCH);
  const path = existsSync(pinned) ? fileURLToPath(pinned) : process.execPath;
  return { path, version: versionAt(path), pinned: path !== process.execPath };
}

/** The same, for who begins to measure: says what makes figures worth less. */
export function nodeTold() {
  const node = nodeOf();
  const { version, pinned } = node;
  if (!pinned) console.error(`note: the pinned Node is not installed for this machine; measuring on ${version}`);
  if (!canPin) console.error('note: processes are not held on a core here; expect more spread');
  return node;
}

/** Where the binaries of other hosts are, and the words before a program's. */
const HOSTS = {
  Bun: { file: `bun-${process.platform}-${process.arch}/bin/bun`, words: ['run'] },
  Deno: { file: `deno-${process.platform}-${process.arch}/deno`, words: ['run', '--allow-all', '--no-prompt'] },
};

/** Another host that bench/package.json pins: { path, words, version }; `null` where it is not to be had. */
export function hostOf(name) {
  const { file, words } = HOSTS[name];
  const path = fileURLToPath(new URL(`node_modules/${file}`, BENCH));
  if (!existsSync(path)) return null;
  const [version] = spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.split('\n');
  return { path, words, version: version.match(/[\d.]+/)[0] };
}

/** Where processes can be held; in a container these need not be the machine's first. */
const cores = allowedCores();

/** Whether processes can be held on a core, as far as there are cores for it. */
export const canPin = cores.length >= 2 && spawnSync('taskset', ['--version']).status === 0;

/**
 * Environment of processes that measure an algorithm, not a client: glibc keeps what was freed, up to 256 MiB, and maps no block
 * of less than 32 MiB apart (mallopt(3)). Without it a process has new pages for each result, or has the old ones again, as its
 * earlier sizes will have it, and a new page costs as much as decoding some KB (here 1.7 µs): the same decoder took 290 or
 * 1170 µs for a MiB. Clients are measured without it, as their users have them.
 */
export const KEEPING_MEMORY = { MALLOC_TRIM_THRESHOLD_: String(2 ** 28), MALLOC_MMAP_THRESHOLD_: String(2 ** 25) };

/** Starts `command`, held on `core`: which of those that are allowed. */
function launch(command, words, { core, stdio, environment = {} }) {
  const [program, ...rest] = canPin ? ['taskset', '-c', String(cores[core]), command, ...words] : [command, ...words];
  const child = spawn(program, rest, { stdio, env: { ...process.env, NODE_OPTIONS: '', ...environment } });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

const wordsOf = (program, task, flags) => [...flags, fileURLToPath(new URL(program, BENCH)), JSON.stringify(task)];

/**
 * Starts a program of the benchmarks with one JSON word; `core`: where to hold it.
 * @returns the child, and a promise of its first message (rejected when it ends without one)
 */
export function start(program, task, { node, core, flags = [], environment }) {
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'];
  const child = launch(node, wordsOf(program, task, flags), { core, stdio, environment });
  const message = new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      reject(new Error(`Cannot run ${program}: it ended with ${signal ?? code} and no result`));
    });
  });
  message.catch(() => {});
  return { child, message };
}

/** What `command` prints, which must be JSON, once it has ended. */
export function printedBy(command, words, { core, environment }) {
  return new Promise((resolve, reject) => {
    const child = launch(command, words, { core, stdio: ['ignore', 'pipe', 'inherit'], environment });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece) => {
      text += piece;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(JSON.parse(text));
      else reject(new Error(`Cannot run ${command} ${words[0]}: it ended with ${signal ?? code}`));
    });
  });
}

/** What a program of the benchmarks prints when another host runs it. */
export function printedByHost(program, task, { host, core }) {
  return printedBy(host.path, wordsOf(program, task, host.words), { core });
}

/** What a program of the benchmarks prints: for one that must not have the sockets of an IPC channel loaded. */
export function printedByProgram(program, task, { node, core, flags = [], environment }) {
  return printedBy(node, wordsOf(program, task, flags), { core, environment });
}

/** Ends a child and waits until it is gone. */
export function end(child) {
  if (!running.has(child)) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', resolve);
    child.kill('SIGKILL');
  });
}
