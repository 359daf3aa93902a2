/**
 * A connection that is no longer HTTP (101, or 2xx to CONNECT; httpx: the `network_stream` extension). Octets that came
 * with the response are read first. It knows nothing of the protocol that follows.
 */

import { type Duration, durationMs } from './config.js';
import type { HttpConnection } from './connection.js';
import { arm, type DeadlineList, disarm } from './deadlines.js';
import { CloseError, ReadError, ReadTimeout, type TransportError } from './exceptions.js';
import { type Flow, Park, runAsync, wait } from './flow.js';
import { GO_ON, STOP } from './hosts/socket.js';

/** Octets that wait for a reader before reading pauses. */
const BUFFERED_OCTETS_MAX = 262144;

const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** Limits of one `read` or `write`. */
export interface NetworkStreamOptions {
  readonly timeout?: Duration | null | undefined;
}

/** Raw octets both ways over what was an HTTP connection. */
export class NetworkStream extends Park {
  readonly #connection: HttpConnection;
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #buffered = 0;
  #ended = false;
  #error: TransportError | null = null;
  #expired = false;

  /** @internal */
  constructor(connection: HttpConnection, first: Uint8Array<ArrayBuffer>) {
    super();
    this.#connection = connection;
    if (first.length > 0) this.#push(first);
  }

  /**
   * At most `maxOctets` octets, as soon as some are there; empty at the end.
   * @throws ReadTimeout, ReadError
   */
  read(maxOctets = 65536, options?: NetworkStreamOptions): Promise<Uint8Array<ArrayBuffer>> {
    return runAsync(this.#reading(maxOctets, this.#limit(options)));
  }

  /** Sends octets; settles when the host took them. @throws WriteError */
  write(octets: Uint8Array): Promise<void> {
    return runAsync(this.#writing(octets));
  }

  /** Says that nothing more will be written; reading goes on. */
  closeWrite(): void {
    if (!this.#connection.closed) this.#connection.socket.closeWrite();
  }

  /** Closes the connection; idempotent. */
  close(): void {
    this.#connection.close();
  }

  /** As httpx: 'client_addr', 'server_addr', 'socket', 'ssl_object', 'is_readable'; `undefined` where the host knows none. */
  getExtraInfo(name: string): unknown {
    return this.#connection.socket.info(name);
  }

  #limit(options: NetworkStreamOptions | undefined): DeadlineList | null {
    const timeout = options?.timeout ?? null;
    return this.#connection.deadlines.ofLimit(durationMs(timeout, 'timeout'));
  }

  *#reading(maxOctets: number, limit: DeadlineList | null): Flow<Uint8Array<ArrayBuffer>> {
    const { socket, deadlines } = this.#connection;
    this.#expired = false;
    if (limit !== null) arm(this, limit, deadlines.tick());
    try {
      for (;;) {
        const chunk = this.#chunks[0];
        if (chunk !== undefined) return this.#take(chunk, maxOctets);
        if (this.#error !== null) throw this.#error;
        if (this.#ended) return NOTHING;
        if (this.#expired) throw new ReadTimeout(`Cannot read from the peer: no octets for ${limit?.ms} ms`);
        if (this.#connection.closed) throw new ReadError('Cannot read from the peer: the connection is closed');
        socket.demand(limit === null ? null : limit.ms);
        if (!socket.blocking) yield this;
      }
    } finally {
      disarm(this);
    }
  }

  *#writing(octets: Uint8Array): Flow<void> {
    if (this.#connection.closed) throw new CloseError('Cannot write to the peer: the connection is closed');
    yield* wait(this.#connection.socket.write(octets, null, null));
  }

  #take(chunk: Uint8Array<ArrayBuffer>, maxOctets: number): Uint8Array<ArrayBuffer> {
    if (chunk.length <= maxOctets) {
      this.#chunks.shift();
      this.#buffered -= chunk.length;
      return chunk;
    }
    this.#chunks[0] = chunk.subarray(maxOctets);
    this.#buffered -= maxOctets;
    return chunk.slice(0, maxOctets);
  }

  #push(octets: Uint8Array<ArrayBuffer>): void {
    this.#chunks.push(octets);
    this.#buffered += octets.length;
  }

  override onExpire(): void {
    this.#expired = true;
    this.wake();
  }

  /** @internal */
  octets(bytes: Uint8Array, length: number): number {
    this.#push(Uint8Array.prototype.slice.call(bytes, 0, length) as Uint8Array<ArrayBuffer>);
    this.wake();
    return this.#buffered >= BUFFERED_OCTETS_MAX ? STOP : GO_ON;
  }

  /** @internal The peer closed its side, or the connection failed. */
  ended(error: TransportError | null): void {
    this.#ended = true;
    this.#error = error;
    if (error !== null) this.#connection.close(error);
    this.wake();
  }

  /** @internal The connection is closed. */
  broken(error: TransportError | null): void {
    if (!this.#ended && this.#error === null && error !== null) this.#error = error;
    this.wake();
  }
}
