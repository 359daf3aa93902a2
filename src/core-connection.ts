/**
 * Connections of the core for their own sake (`httpx-wasm/core`): octets in, events and octets out, without sockets, time or a
 * client. One shape for HTTP/1.1 and HTTP/2. Everything that is handed out is the caller's: pieces of content are copies.
 */
import * as abi from '../assembly/abi.js';
import { checkFields, checkOctets, Limits, type LimitsOptions, own, typeNameOf } from './config.js';
import type { Connection, Events, Head, StreamId } from './core.js';
import { Bodies, trailerBlock } from './core-bodies.js';
import { openHttp1 } from './core-http1.js';
import { openHttp2 } from './core-http2.js';
import { LocalProtocolError, type ProtocolError } from './exceptions.js';
import { Headers, type HeaderTypes } from './headers.js';
import { requestHead } from './request-head.js';

/** Versions of HTTP that a connection can speak. */
export type HttpVersion = 'HTTP/1.1' | 'HTTP/2';

/** Settings of a connection; `null` and a missing name mean the default. */
export interface ClientConnectionOptions {
  /** `:scheme` of the requests, for HTTP/2 alone: 'https' by default. */
  readonly scheme?: 'http' | 'https' | null | undefined;
  /** `headOctets`, `fields` and `interim` bound what a peer may send; the rest is the client's. */
  readonly limits?: Limits | LimitsOptions | null | undefined;
}

/** A request to begin. */
export interface ExchangeRequest {
  /** Request method, as it goes on the wire. */
  readonly method: string;
  /** Request target as it goes on the wire: '/path?query', or for CONNECT 'host:port'. */
  readonly target: string;
  /** Fields in their order; there must be a Host, which HTTP/2 sends as `:authority`. */
  readonly headers: HeaderTypes;
  /** A body follows, which Content-Length or `Transfer-Encoding: chunked` announces. */
  readonly hasBody?: boolean | null | undefined;
}

/** What a connection tells of its streams. Nothing follows `end`, `reset` or `failed` of one, nor `error` at all. */
export type ConnectionEvent =
  | { readonly type: 'head' | 'interim'; readonly stream: number; readonly status: number; readonly headers: Headers }
  /** Content as it came, its coding not undone. */
  | { readonly type: 'data'; readonly stream: number; readonly octets: Uint8Array<ArrayBuffer> }
  /** The response is complete. */
  | { readonly type: 'end'; readonly stream: number; readonly trailers: Headers | null }
  /** More of the body may be sent: 100 (Continue) came, or a window opened. */
  | { readonly type: 'writable'; readonly stream: number }
  /** The connection has changed its protocol; `octets` are of that already. */
  | { readonly type: 'upgrade'; readonly stream: number; readonly octets: Uint8Array<ArrayBuffer> }
  /** HTTP/2: the peer reset the stream, or left it out when it went away; `code` is that of RFC 9113 §7. */
  | { readonly type: 'reset'; readonly stream: number; readonly code: number; readonly unprocessed: boolean }
  /** HTTP/2: the peer broke a rule in this stream, which was reset. */
  | { readonly type: 'failed'; readonly stream: number; readonly error: ProtocolError }
  /**
   * HTTP/2: nothing more can be opened; streams up to `lastStream` go on. `debug`: what the peer says beside it, an octet a code
   * unit, its first 128; it may be anything.
   */
  | { readonly type: 'goaway'; readonly lastStream: number; readonly code: number; readonly debug: string }
  /** The peer broke a rule: the connection is finished once its output is written. */
  | { readonly type: 'error'; readonly error: ProtocolError };

const OPTIONS = ['scheme', 'limits'] as const satisfies (keyof ClientConnectionOptions)[];
const REQUEST = ['method', 'target', 'headers', 'hasBody'] as const satisfies (keyof ExchangeRequest)[];

const headersOf = (head: Head): Headers => Headers.fromWire(head.text, head.fields, head.known);

/** The request, which has all that it must. @throws TypeError naming what is missing or of another type. */
function checkedRequest(request: ExchangeRequest): ExchangeRequest {
  const action = 'open an exchange';
  if (request === undefined || request === null) {
    throw new TypeError(`Cannot ${action}: expected a request, got ${typeNameOf(request)}`);
  }
  checkFields(request, REQUEST, action);
  const { method, target, headers, hasBody } = request;
  for (const [name, value] of Object.entries({ method, target })) {
    if (typeof value !== 'string') {
      throw new TypeError(`Cannot ${action}: expected ${name} to be a string, got ${typeNameOf(value)}`);
    }
  }
  if (typeof headers !== 'object') {
    throw new TypeError(`Cannot ${action}: expected headers to be an object or pairs, got ${typeNameOf(headers)}`);
  }
  if (typeof (hasBody ?? false) !== 'boolean') {
    throw new TypeError(`Cannot ${action}: expected hasBody to be a boolean, got ${typeNameOf(hasBody)}`);
  }
  return { method, target, headers, hasBody };
}

/** Collects what a call tells. */
class Collector implements Events {
  events: ConnectionEvent[] = [];
  readonly #bodies: Bodies;

  constructor(bodies: Bodies) {
    this.#bodies = bodies;
  }

  onHead(stream: StreamId, status: number, _flags: number, head: Head): void {
    this.events.push({ type: 'head', stream, status, headers: headersOf(head) });
  }
  onInterim(stream: StreamId, status: number, head: Head): void {
    this.events.push({ type: 'interim', stream, status, headers: headersOf(head) });
  }
  onData(stream: StreamId, bytes: Uint8Array, from: number, to: number): boolean {
    this.events.push({ type: 'data', stream, octets: Uint8Array.from(bytes.subarray(from, to)) });
    return false;
  }
  onEnd(stream: StreamId, _keepAlive: boolean, trailers: Head | null): void {
    this.#bodies.answer(stream);
    this.events.push({ type: 'end', stream, trailers: trailers === null ? null : headersOf(trailers) });
  }
  onWritable(stream: StreamId): void {
    this.events.push({ type: 'writable', stream });
  }
  onUpgrade(stream: StreamId, bytes: Uint8Array, from: number, to: number): void {
    this.events.push({ type: 'upgrade', stream, octets: Uint8Array.from(bytes.subarray(from, to)) });
  }
  onReset(stream: StreamId, code: number, unprocessed: boolean): void {
    this.#bodies.drop(stream);
    this.events.push({ type: 'reset', stream, code, unprocessed });
  }
  onGoaway(lastStream: StreamId, code: number, debug: string): void {
    this.events.push({ type: 'goaway', lastStream, code, debug });
  }
  onStreamsMax(): void {}
  onStreamError(stream: StreamId, error: ProtocolError): void {
    this.#bodies.drop(stream);
    this.events.push({ type: 'failed', stream, error });
  }
  onError(error: ProtocolError): void {
    this.#bodies.finish();
    this.events.push({ type: 'error', error });
  }
}

/** A connection that speaks HTTP as a client, without a socket. */
export class ClientConnection implements Disposable {
  /** The version that it speaks. */
  readonly httpVersion: HttpVersion;
  readonly #connection: Connection;
  readonly #bodies: Bodies;
  readonly #collector: Collector;
  #output: Uint8Array[] = [];
  #failure: Error | null = null;

  /** @throws TypeError for an unknown version or option; RangeError where the core has no memory. */
  constructor(httpVersion: HttpVersion, options?: ClientConnectionOptions | null) {
    checkFields(options, OPTIONS, 'make ClientConnection');
    const given = own(options, 'limits') ?? null;
    const limits = given instanceof Limits ? given : new Limits(given);
    const failed = (error: Error): void => {
      this.#failure = error;
      this.#bodies.finish();
    };
    const scheme = own(options, 'scheme') ?? 'https';
    if (scheme !== 'http' && scheme !== 'https') {
      throw new TypeError(
        `Cannot make ClientConnection: expected scheme 'http' or 'https', got ${JSON.stringify(scheme)}`,
      );
    }
    this.httpVersion = httpVersion;
    this.#bodies = new Bodies(httpVersion === 'HTTP/2');
    this.#collector = new Collector(this.#bodies);
    if (httpVersion === 'HTTP/1.1') this.#connection = openHttp1(limits, failed);
    else if (httpVersion === 'HTTP/2') this.#connection = openHttp2(limits, scheme, failed);
    else
      throw new TypeError(
        `Cannot make ClientConnection: expected 'HTTP/1.1' or 'HTTP/2', got ${JSON.stringify(httpVersion)}`,
      );
  }

  /** How many exchanges could be begun now: of HTTP/1.1 one or none, of HTTP/2 what the peer's limit leaves. */
  get placesFree(): number {
    return this.#connection.placesFree;
  }

  /** Whether the connection can serve no further exchange, now and later. */
  get isOver(): boolean {
    return this.#failure !== null || this.#connection.closeReason !== abi.CLOSE_NONE;
  }

  /**
   * Begins an exchange, and answers its stream.
   * @throws LocalProtocolError if none can be begun, or this one must not be sent; TypeError for what is no request.
   */
  open(request: ExchangeRequest): number {
    const { method, target, headers, hasBody } = checkedRequest(request);
    const head = requestHead(method, target, new Headers(headers).block(), { length: hasBody ? null : 0 });
    if (!hasBody && head.framing === 'chunked') {
      throw new LocalProtocolError(
        'Cannot send the request: Transfer-Encoding announces a body, expected hasBody to be true (RFC 9112 §6.1)',
      );
    }
    const stream = this.#connection.open(head, !hasBody);
    this.#bodies.open(stream, head, hasBody === true);
    this.#take();
    return stream;
  }

  /**
   * Sends octets of a body: how many were taken, from the first on. What was not is to be sent after `writable`.
   * @throws LocalProtocolError if the body is longer than its Content-Length, or none of the stream is under way: before an
   *   octet is made; TypeError for what is no Uint8Array.
   */
  send(stream: number, octets: Uint8Array): number {
    checkOctets(octets, 'send octets');
    this.#bodies.check(stream, `send ${octets.length} octets`);
    let sent = 0;
    while (sent < octets.length) {
      const more = this.#connection.send(stream, octets.length - sent);
      if (more === 0) break;
      this.#take();
      this.#output.push(Uint8Array.from(octets.subarray(sent, sent + more)));
      sent += more;
    }
    return sent;
  }

  /**
   * Ends a body, with trailers, if any, which in HTTP/1.1 only a chunked one has.
   * @throws LocalProtocolError if it is shorter than its Content-Length, if none of the stream is under way, or for trailers
   *   that must not be sent: before an octet is made.
   */
  end(stream: number, trailers?: HeaderTypes): void {
    const framing = this.#bodies.check(stream, 'end the body');
    const block = trailerBlock(trailers, framing === 'chunked' || this.httpVersion === 'HTTP/2');
    this.#connection.end(stream, block);
    this.#bodies.end(stream);
    this.#take();
  }

  /** Gives the peer credit for content that was consumed (HTTP/2): once for each octet that came. */
  release(stream: number, octets: number): void {
    this.#connection.release(stream, octets);
    this.#take();
  }

  /** Content of the stream is waited for (HTTP/2): what others have not released is not to hold it up. */
  want(stream: number): void {
    if (this.#connection.want(stream)) this.#take();
  }

  /** Gives an exchange up: nothing more is told of it. A connection of HTTP/1.1 is over by that. */
  cancel(stream: number): void {
    this.#connection.cancel(stream);
    this.#bodies.drop(stream);
    this.#take();
  }

  /** Says that the connection will be closed (HTTP/2: GOAWAY): what is open goes on, nothing more is begun. */
  goAway(): void {
    this.#connection.goAway();
    this.#take();
  }

  /**
   * Takes octets from the peer, and answers what they mean. `nowMs`: milliseconds of any clock that does not go back, by which
   * HTTP/2 tells a busy peer from one that floods.
   * @throws TypeError for what is no Uint8Array.
   */
  receive(octets: Uint8Array, nowMs: number): ConnectionEvent[] {
    checkOctets(octets, 'receive octets');
    return this.#tell(() => this.#connection.receive(octets, octets.length, false, nowMs, this.#collector));
  }

  /** The peer closed its side: what that means for what was under way. */
  receiveEnd(): ConnectionEvent[] {
    return this.#tell(() => this.#connection.receiveEnd(this.#collector));
  }

  /** All that is to be written, in order; `null`: nothing. To be asked after every other call. */
  takeOutput(): Uint8Array<ArrayBuffer> | null {
    this.#take();
    const parts = this.#output;
    if (parts.length === 0) return null;
    this.#output = [];
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  /** Gives the connection's memory back; idempotent. */
  close(): void {
    this.#connection.free();
    this.#bodies.finish();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #tell(work: () => unknown): ConnectionEvent[] {
    if (this.#failure !== null) throw this.#failure;
    work();
    this.#take();
    const { events } = this.#collector;
    this.#collector.events = [];
    return events;
  }

  #take(): void {
    const output = this.#connection.takeOutput();
    if (output === null) return;
    this.#output.push(
      typeof output === 'string' ? Uint8Array.from(output, (unit) => unit.charCodeAt(0)) : output.slice(),
    );
  }
}
