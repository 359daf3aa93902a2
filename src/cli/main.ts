#!/usr/bin/env node
/** The command `httpx-wasm` as a process: its words, its streams, its signals, its exit code. The rest is `program.ts`. */
import process from 'node:process';
import { execute } from './program.js';
import { EXIT_FAILURE, Stopped, type System } from './system.js';

/** Signals that end the program in order, with the number that shells add to 128. A second one is the system's to obey. */
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

const stop = new AbortController();
for (const [name, number] of Object.entries(SIGNALS)) {
  process.on(name, () => {
    for (const each of Object.keys(SIGNALS)) process.removeAllListeners(each);
    stop.abort(new Stopped(128 + number));
  });
}

const system: System = {
  stdin: () => process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
  now: () => performance.now(),
};
// Until there is a code: to end without one, since nothing is left to wait for, would be no success.
process.exitCode = EXIT_FAILURE;
// Left alone, an abandoned look-up of a name would keep the process for as long as the system's resolver tries.
execute(process.argv.slice(2), system).then((code) => process.exit(code));
