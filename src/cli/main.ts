#!/usr/bin/env node
/** The command `httpx-wasm` as a process: its words, its streams, its signals, its exit code. The rest is `program.ts`. */
import process from 'node:process';
import { execute } from './program.js';
import { EXIT_FAILURE, Stopped, type System } from './system.js';

/** Signals that end the program in order, with the number that shells add to 128. A second one is the system's to obey. */
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

const stop = new AbortController();
let caught: string | null = null;
for (const [name, number] of Object.entries(SIGNALS)) {
  process.on(name, () => {
    caught = name;
    for (const each of Object.keys(SIGNALS)) process.removeAllListeners(each);
    stop.abort(new Stopped(128 + number));
  });
}

/** Whether a thread waits for a file, a pipe or the resolver. */
function isThreadBusy(): boolean {
  return process.getActiveResourcesInfo().some((name) => /^(?:FSReq|GetAddrInfoReq)/.test(name));
}

const system: System = {
  stdin: () => process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
  now: () => performance.now(),
  every(ms, work) {
    const timer = setInterval(work, ms);
    return () => clearInterval(timer);
  },
};
// Until there is a code: to end without one, since nothing is left to wait for, would be no success.
process.exitCode = EXIT_FAILURE;
// What was begun and is wanted no longer would keep the process.
execute(process.argv.slice(2), system).then((code) => {
  // `exit` waits for such a thread, perhaps for good. The signal, which nobody here hears any more, does not: shells see one code.
  if (caught !== null && isThreadBusy()) process.kill(process.pid, caught);
  process.exit(code);
});
