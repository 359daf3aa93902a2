/**
 * What the program has of the process it runs in, so that tests can be the process. Only `main.ts` knows the real one.
 */
import type { Readable, Writable } from 'node:stream';

/** Where the program writes; `isTTY` and `columns` as a terminal has them. */
export interface OutputStream extends Writable {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Where the program reads what the user gives it. */
export interface InputStream extends Readable {
  readonly isTTY?: boolean | undefined;
}

/** The process, as the program sees it. */
export interface System {
  /** Opened by who reads it. */
  stdin(): InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Aborted with a `Stopped` when the program is to end at once. */
  readonly signal: AbortSignal;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Has work done regularly, until what it returns is called. */
  every(ms: number, work: () => void): () => void;
}

/** Why the program ends before its work is done, and with which exit code. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly exitCode: number;

  /** An empty message: nothing is said. */
  constructor(exitCode: number, message = '') {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What the user asked for cannot be done as it was asked: exit code 2, with a hint at the help. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Exit codes. A failure is also a status other than 2xx; signals are told as shells do: 128 and their number. */
export const EXIT_FAILURE = 1;
export const EXIT_USAGE = 2;
export const EXIT_INTERRUPTED = 130;
export const EXIT_PIPE_CLOSED = 141;
