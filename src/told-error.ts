/**
 * An error as who watches a process is told of it: plain values, nothing that leads to the request, whose headers have
 * credentials.
 */
import { typeNameOf } from './config.js';
import { type ErrorCode, type Phase, type Sent, TransportError } from './exceptions.js';

/** What is told of an error on the channels of `node:diagnostics_channel`. */
export interface ToldError {
  /** As of the error: 'ConnectError'; the type's name of what else was thrown. */
  readonly name: string;
  /** Of errors of this package, the code of their kind; of others what they call so, if it is text. */
  readonly code: ErrorCode | (string & {}) | null;
  /** What the request was in the middle of; of transport errors. */
  readonly phase: Phase | null;
  /** How much of the request had left this host; of transport errors. */
  readonly sent: Sent | null;
  /** As of the error; '' of what else was thrown. */
  readonly message: string;
}

/** `error` as it is told. */
export function toldError(error: unknown): ToldError {
  if (!(error instanceof Error)) {
    return Object.freeze({ name: typeNameOf(error), code: null, phase: null, sent: null, message: '' });
  }
  const { name, message } = error;
  const { code } = error as { readonly code?: unknown };
  const { phase, sent } = error instanceof TransportError ? error : { phase: null, sent: null };
  return Object.freeze({ name, code: typeof code === 'string' ? code : null, phase, sent, message });
}
