/**
 * What a response has from its transport beside head and body: clock readings, limits, and what is done about a response
 * that its user forgets.
 */
import type { ByteSource } from './body.js';
import type { DecodeLimits } from './core-decoders.js';
import type { Exchange } from './exchange.js';

/** Milliseconds from the start of the exchange to the end of each step; a step that was skipped ends with the one before. */
export interface Timings {
  /** A connection, or leave to make one, was there. */
  readonly pool: number;
  /** The host's name was resolved. */
  readonly dns: number;
  /** TCP was connected. */
  readonly connect: number;
  /** TLS was set up. */
  readonly tls: number;
  /** The request had left: the host has all of it. */
  readonly sent: number;
  /** The first octet of the response was there. */
  readonly firstByte: number;
  /** `null` until the body has ended. */
  readonly end: number | null;
}

/** Clock readings of an exchange before it was opened. */
export interface Readings {
  readonly startedAt: number;
  readonly pooledAt: number;
  readonly resolvedAt: number;
  readonly connectedAt: number;
  readonly securedAt: number;
}

/** What a response has from its transport. */
export class Received {
  readonly exchange: Exchange;
  readonly readings: Readings;
  readonly decodeLimits: DecodeLimits;
  /** Where its body is read: the exchange, unless somebody watches. */
  readonly source: ByteSource;

  constructor(exchange: Exchange, readings: Readings, decodeLimits: DecodeLimits, source: ByteSource = exchange) {
    this.exchange = exchange;
    this.readings = readings;
    this.decodeLimits = decodeLimits;
    this.source = source;
  }
}

/** The readings as timings. */
export function timingsOf({ exchange, readings }: Received): Timings {
  const since = (at: number, otherwise: number) =>
    at === 0 ? otherwise : Math.max(otherwise, at - readings.startedAt);
  const pool = since(readings.pooledAt, 0);
  const dns = since(readings.resolvedAt, pool);
  const connect = since(readings.connectedAt, dns);
  const tls = since(readings.securedAt, connect);
  const sent = since(exchange.sentAt, tls);
  const firstByte = since(exchange.firstByteAt, sent);
  return { pool, dns, connect, tls, sent, firstByte, end: exchange.ended ? since(exchange.endAt, firstByte) : null };
}

/** What is known of a response after it is gone. Nothing here leads to the response itself. */
export interface Unread {
  readonly exchange: Exchange;
  readonly url: string;
  readonly warn: (message: string) => void;
  /** The source of its body, once it is being read: it may hold a decoder. */
  source: ByteSource | null;
  /** Ends the watch of signal and total time. */
  unwatch: (() => void) | null;
}

/** Responses that were handed out with their body unread. */
export const droppedUnread: FinalizationRegistry<Unread> = new FinalizationRegistry<Unread>((unread) => {
  const { exchange, url, warn, source, unwatch } = unread;
  const pending = !exchange.ended && exchange.error === null;
  unwatch?.();
  source?.close();
  exchange.close();
  if (pending) {
    const { socket, multiplexes } = exchange.connection;
    const close = socket.blocking ? 'close()' : 'aclose()';
    const ended = multiplexes ? 'its stream is reset' : 'its connection is closed';
    warn(`A response of ${url} was dropped unread; ${ended}. Read it, or close it with ${close}.`);
  }
});
