/**
 * Time enough for sockets that are left (`Socket.leave`): what a server sees of their end shall not depend on how soon its
 * thread gets its turn. Tests of the limit itself are in test/sockets/leaving.test.ts.
 */
import process from 'node:process';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll } from 'vitest';

/** Gives timers of the limit's second, in whichever thread this runs, a minute. */
function beSlow(): void {
  const LEAVING_MS = 1000;
  const PATIENT_MS = 60_000;
  const later = globalThis.setTimeout;
  const patient = (run: () => void, ms?: number, ...rest: never[]) =>
    later(run, ms === LEAVING_MS ? PATIENT_MS : ms, ...rest);
  globalThis.setTimeout = Object.assign(patient, later) as typeof later;
}

/** For all tests of a file, in its thread and in the one of its blocking clients, which none of them may have begun before. */
export function leavePatiently(): void {
  const threads = process.getBuiltinModule('node:worker_threads');
  const { Worker: RealWorker } = threads;
  const { setTimeout } = globalThis;
  beforeAll(() => {
    beSlow();
    class PatientWorker extends RealWorker {
      constructor(...[script, options]: ConstructorParameters<typeof Worker>) {
        super(options?.eval === true ? `(${beSlow})();\n${script}` : script, options);
      }
    }
    Object.assign(threads, { Worker: PatientWorker });
  });
  afterAll(() => {
    Object.assign(threads, { Worker: RealWorker });
    globalThis.setTimeout = setTimeout;
  });
}
