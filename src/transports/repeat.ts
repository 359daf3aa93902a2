/**
 * What of a failed request may be sent again, by the transport itself or by its user: a kept connection that was found dead
 * is replaced once, where repeating is safe (RFC 9110 §9.2.2); a request that the peer says it did not process goes to
 * another connection, whatever its method (RFC 9113 §8.7); one that it wants on HTTP/1.1 goes there. Nothing else is ever
 * repeated, and nothing whose body was begun and cannot be read again.
 */
import {
  ConnectError,
  LocalProtocolError,
  ProxyError,
  ReadError,
  RemoteProtocolError,
  type Sent,
  TimeoutException,
  TransportError,
  WriteError,
} from '../exceptions.js';
import type { Exchange } from '../exchange.js';
import type { Request } from '../request.js';
import { IDEMPOTENT } from './total-time.js';

const NO_ERROR = 0;
/** The peer wants the request on HTTP/1.1 (RFC 9113 §7). */
const HTTP_1_1_REQUIRED = 13;
/** How often a request is sent again that peers refuse to process. */
const REFUSALS_MAX = 3;

/** How a request came to its exchange. */
export interface Tries {
  /** Its connection had served others before, and it was not sent again yet. */
  readonly mayBeDead: boolean;
  /** How often it was refused before. */
  readonly refusals: number;
  /** HTTP/1.1 may be spoken instead. */
  readonly http1: boolean;
}

/** Why, and so where, a request is sent again. */
export type Repeat = 'dead connection' | 'not processed' | 'HTTP/1.1 required';

/** To send it twice does what sending it once does, and its body can be read again. */
export function canRepeat(request: Request): boolean {
  return IDEMPOTENT.has(request.method) && request.isReplayable;
}

/**
 * The peer refused a request that it did not process: so it does whatever it is asked, perhaps. Not so one that ended its
 * connection after requests that it did process, as servers do after some number of them: with each such connection fewer
 * are left.
 */
export function isRefusal({ unprocessed, resetCode, connection }: Exchange): boolean {
  return unprocessed && !(resetCode === NO_ERROR && connection.hasServed);
}

/** Whether, and why, a request whose exchange failed with `error` is sent again. */
export function repeatOf(error: unknown, exchange: Exchange, request: Request, tries: Tries): Repeat | null {
  const { answered, unprocessed, resetCode, connection } = exchange;
  // What the peer did not process may have had an interim response.
  if ((answered && !unprocessed) || error !== exchange.error) return null;
  if (exchange.bodyBegun && !request.isReplayable) return null;
  if (resetCode === HTTP_1_1_REQUIRED) return tries.http1 ? 'HTTP/1.1 required' : null;
  if (unprocessed) return tries.refusals < REFUSALS_MAX || !isRefusal(exchange) ? 'not processed' : null;
  if (!tries.mayBeDead || !canRepeat(request) || resetCode !== null || connection.breached) return null;
  const isDead = error instanceof ReadError || error instanceof WriteError || error instanceof RemoteProtocolError;
  return isDead ? 'dead connection' : null;
}

/** The error with what is known of how far the request came. */
export function described(error: unknown, request: Request, exchange: Exchange | null, sentBefore: Sent): unknown {
  if (!(error instanceof TransportError)) return error;
  const sent = exchange === null ? 'none' : exchange.sent;
  error.sent = sentBefore === 'full' || sent === 'none' ? sentBefore : sent;
  if (error instanceof LocalProtocolError) return error;
  if (error.phase === null && exchange !== null) error.phase = exchange.sent === 'full' ? 'read' : 'write';
  const unprocessed = exchange?.unprocessed === true && error === exchange.error;
  const transient =
    ((error instanceof ConnectError || error instanceof ProxyError) && error.retryable) ||
    error instanceof ReadError ||
    error instanceof WriteError ||
    error instanceof TimeoutException ||
    (error instanceof RemoteProtocolError && exchange !== null && (unprocessed || !exchange.answered));
  const isSafe = unprocessed || error.sent === 'none' || IDEMPOTENT.has(request.method);
  error.retryable = transient && request.isReplayable && isSafe;
  return error;
}
