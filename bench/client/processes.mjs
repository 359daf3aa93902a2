/** Child processes of the benchmarks: pinned to a core, heard over IPC, and ended on every way out. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const BENCH = new URL('../', import.meta.url);
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

/** The Node that bench/package.json pins, or, where it is not to be had, the one that runs. */
export function nodeOf() {
  const pinned = new URL(`node_modules/node-${process.platform}-${process.arch}/bin/node`, BENCH);
  const path = existsSync(pinned) ? fileURLToPath(pinned) : process.execPath;
  const version = spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.trim();
  return { path, version, pinned: path !== process.execPath };
}

/** Whether processes can be held on a core, as far as there are cores for it. */
export const canPin = availableParallelism() >= 2 && spawnSync('taskset', ['--version']).status === 0;

/**
 * Starts a program of the benchmarks with one JSON word; `core`: where to hold it.
 * @returns the child, and a promise of its first message (rejected when it ends without one)
 */
export function start(program, task, { node, core, flags = [], environment = {} }) {
  const words = [...flags, fileURLToPath(new URL(program, BENCH)), JSON.stringify(task)];
  const [command, ...rest] = canPin ? ['taskset', '-c', String(core), node, ...words] : [node, ...words];
  const child = spawn(command, rest, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '', ...environment },
  });
  running.add(child);
  const message = new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      running.delete(child);
      reject(new Error(`Cannot run ${program}: it ended with ${signal ?? code} and no result`));
    });
  });
  message.catch(() => {});
  return { child, message };
}

/** Ends a child and waits until it is gone. */
export function end(child) {
  if (!running.has(child)) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', resolve);
    child.kill('SIGKILL');
  });
}
