/**
 * The body of a response: read once, as a whole or piece by piece, by whoever blocks or has an event loop; and the end of
 * it. A received response keeps its exchange until the body ended; what was made by hand keeps its octets.
 *
 * Invariants: inspection never reads the body; reading to the end, an error and `close` all give the connection back, once.
 */

import * as abi from '../assembly/abi.js';
import { BodySource, type ByteSource, codingsOf, DecodedSource, OctetsSource } from './body.js';
import {
  AsyncBodyIterator,
  BlockingBodyIterator,
  type BodyOwner,
  byteStream,
  Chunks,
  type FlowDriver,
  ON_LOOP,
  Pieces,
  type Transform,
} from './body-readers.js';
import { areLoaded, loaded, wholeOf } from './codings.js';
import type { RequestBody } from './content.js';
import type { DecodeLimits } from './core-decoders.js';
import type { Watched } from './diagnostics.js';
import {
  HTTPError,
  ResponseNotRead,
  StreamClosed,
  StreamConsumed,
  StreamError,
  TotalTimeout,
  TransportError,
} from './exceptions.js';
import type { Exchange } from './exchange.js';
import { type Abortable, type Flow, runAsync, runSync } from './flow.js';
import type { Guard } from './guard.js';
import type { Headers } from './headers.js';
import { joined } from './pieces.js';
import { droppedUnread, type Received, type Unread } from './received.js';
import { type Request, shown } from './request.js';
import { TextLines, TextPieces } from './text.js';
import type { URL } from './url.js';

const NO_LIMITS: DecodeLimits = { decodedOctets: null, decodedRatio: null };

/** What every response is beside its head. */
export abstract class ResponseBody {
  /** @internal Where it came from; `null`: made by hand. */
  protected readonly received: Received | null;
  #request: Request | null = null;
  #content: Uint8Array<ArrayBuffer> | null = null;
  /** The whole body as it came, to be decoded when it is asked for. */
  #encoded: Uint8Array<ArrayBuffer> | null = null;
  #stream: BodySource | null = null;
  #source: ByteSource | null = null;
  #body: ReadableStream<Uint8Array<ArrayBuffer>> | null = null;
  #rawBody: ReadableStream<Uint8Array<ArrayBuffer>> | null = null;
  #consumed = false;
  #closed = false;
  #isDecoded = false;
  #guard: Guard | null = null;
  /** What the guard stops. */
  #watched: Abortable | null = null;
  #unread: Unread | null = null;
  #startedAt = 0;
  #clock: { now(): number } | null = null;
  #elapsedMs: number | null = null;
  /** Who is told if the body fails. @internal */
  watched: Watched | null = null;

  /** @internal */
  constructor(received: Received | null) {
    this.received = received;
  }

  abstract get headers(): Headers;
  /** How `iterText` and its like decode. */
  abstract get encoding(): string;

  /**
   * @internal Gives a response made by hand its body; `asStream`: it is read piece by piece, and not decoded before;
   * `closer`: of what gives it.
   */
  protected setBody(body: RequestBody, asStream: boolean, closer: (() => void) | null): void {
    const { octets } = body;
    if (octets === null || asStream) {
      this.#stream = new BodySource(body, closer);
      return;
    }
    const codings = this.#codings;
    if (areLoaded(codings)) this.#content = this.#decodedNow(octets, codings);
    else this.#encoded = octets;
    this.#consumed = this.#closed = true;
  }

  /** @throws DecodingError; Error where the decoders are not loaded yet */
  #decodedNow(octets: Uint8Array<ArrayBuffer>, codings: readonly string[]): Uint8Array<ArrayBuffer> {
    if (codings.length === 0 || octets.length === 0) return octets;
    if (!areLoaded(codings)) {
      throw new Error(
        `Cannot decode ${codings.join(', ')}: the decoder is not loaded yet, await response.aread() first`,
      );
    }
    if (codings.length === 1) return wholeOf(codings[0] as string, octets, this.received?.decodeLimits ?? NO_LIMITS);
    const reading = gathered(this.#decodedSource(new OctetsSource(octets), codings)).next();
    return reading.value as Uint8Array<ArrayBuffer>;
  }

  #decodedSource(raw: ByteSource, codings: readonly string[]): ByteSource {
    if (codings.length === 0) return raw;
    return new DecodedSource(raw, codings, this.received?.decodeLimits ?? NO_LIMITS);
  }

  /** @internal The transport gave the body decoded, and nobody knows how it came. */
  protected wasDecoded(): void {
    this.#isDecoded = true;
  }

  /** The codings that must be undone. @throws DecodingError */
  get #codings(): readonly string[] {
    return this.#isDecoded ? [] : codingsOf(this.headers.get('content-encoding') ?? '');
  }

  // ── where it comes from ──

  /** The request that this answers. @throws Error while none is set. */
  get request(): Request {
    if (this.#request === null) throw new Error('Cannot read response.request: the response has no request');
    return this.#request;
  }

  /** @internal As `request`; `null` while none is set. */
  get asked(): Request | null {
    return this.#request;
  }

  set request(request: Request) {
    this.#request = request;
  }

  /** That of the request that was answered. @throws Error without a request */
  get url(): URL {
    return this.request.url;
  }

  /** @internal FLAG_* of the head. */
  get flags(): number {
    return this.received === null ? 0 : this.received.exchange.flags;
  }

  /** @internal The exchange whose body is still to come, if any. */
  get pending(): Exchange | null {
    const exchange = this.received?.exchange ?? null;
    return exchange !== null && !exchange.ended && !this.#closed ? exchange : null;
  }

  /** @internal Notes of the send flow: when the request was sent, and by which clock. */
  sentAt(startedAt: number, clock: { now(): number }): void {
    this.#startedAt = startedAt;
    this.#clock = clock;
    if (this.#closed) this.#elapsedMs ??= clock.now() - startedAt;
  }

  /**
   * @internal The call's signal and total time now watch over the body, if it is still to come. What they hold on to is
   * where it comes from, not this response, so that a response that is dropped can still be collected.
   */
  watchedBy(guard: Guard): void {
    const source = this.received?.exchange ?? this.#stream;
    if (this.#closed || source === null || source.ended) return;
    const request = this.#request;
    this.#guard = guard;
    this.#watched = {
      abort(reason) {
        if (source.ended) return;
        if (reason instanceof HTTPError && request !== null) reason.attachRequest(request);
        source.fail(reason);
      },
    };
    guard.moveTo(this.#watched);
    if (this.#unread !== null) this.#unread.unwatch = unwatching(guard, this.#watched);
  }

  /** @internal If this response is dropped before its body was read, its connection is given up and the developer told. */
  reportIfDropped(warn: (message: string) => void): void {
    if (this.received === null || this.#closed || this.#unread !== null) return;
    const unwatch = this.#guard === null ? null : unwatching(this.#guard, this.#watched);
    this.#unread = { exchange: this.received.exchange, url: shown(this.url), warn, source: null, unwatch };
    droppedUnread.register(this, this.#unread, this);
  }

  // ── state ──

  /** True once nothing more of it can be read from the network. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** True once the body has been read as a stream, which can be done once. */
  get isStreamConsumed(): boolean {
    return this.#consumed;
  }

  /** Octets of the body that were read, as they came over the wire. */
  get numBytesDownloaded(): number {
    return this.received === null ? (this.#stream?.octets ?? 0) : this.received.exchange.downloaded;
  }

  /** Milliseconds from sending the request to closing the response. @throws ResponseNotRead before it is closed. */
  get elapsedMs(): number {
    if (this.#elapsedMs === null) throw timeless(this.#closed);
    return this.#elapsedMs;
  }

  /** @internal The body as a whole, once it was read. @throws DecodingError */
  protected get whole(): Uint8Array<ArrayBuffer> | null {
    const encoded = this.#encoded;
    if (encoded === null) return this.#content;
    try {
      this.#content = this.#decodedNow(encoded, this.#codings);
    } catch (error) {
      throw this.failed(error);
    }
    this.#encoded = null;
    return this.#content;
  }

  /**
   * @internal Takes the body as it comes, for who wants it gone: then `drained`, or `closeNow`. `null`: it was taken
   * before, or it says itself that it has more than so many octets.
   */
  takeRaw(octetsMax: number): ByteSource | null {
    if (this.#consumed || this.#closed) return null;
    const announced = this.pending === null ? 0 : Number(this.headers.get('content-length') ?? 0);
    return announced > octetsMax ? null : this.#open(false);
  }

  /** @internal All octets of the taken body, as they came. */
  drained(octets: Uint8Array<ArrayBuffer>): void {
    this.#encoded = octets;
    this.settled();
  }

  /** @internal Takes the body if it is all there. */
  readNow(): boolean {
    if (this.#content !== null) return true;
    const received = this.received;
    if (received === null || this.#consumed || this.#closed) return false;
    const { exchange, source } = received;
    if (
      source !== exchange ||
      !exchange.ended ||
      exchange.error !== null ||
      (exchange.flags & abi.FLAG_CONTENT_ENCODING) !== 0
    )
      return false;
    this.#consumed = true;
    this.#content = exchange.takeAll();
    this.settled();
    return true;
  }

  /** @internal Reads the whole body. */
  *readFlow(): Flow<Uint8Array<ArrayBuffer>> {
    if (this.#encoded !== null && !areLoaded(this.#codings)) yield loaded(this.#codings);
    const { whole } = this;
    if (whole !== null) return whole;
    const source = this.#open(true);
    try {
      const exchange = this.received?.exchange;
      this.#content = source === exchange ? yield* exchange.readAll() : yield* gathered(source);
    } catch (error) {
      throw this.failed(error);
    }
    this.settled();
    return this.#content;
  }

  /** Reads the whole body and returns it. @throws StreamConsumed, StreamClosed, ReadTimeout, RemoteProtocolError, DecodingError … */
  aread(): Promise<Uint8Array<ArrayBuffer>> {
    try {
      this.#refuseIfBlocking('aread', 'read');
    } catch (error) {
      return Promise.reject(error);
    }
    return runAsync(this.readFlow());
  }

  /** As `aread`, blocking. @throws TypeError where only an event loop can read it: of AsyncClient, or made of an async stream */
  read(): Uint8Array<ArrayBuffer> {
    this.#refuseUnlessBlocking('read', 'aread');
    return this.#run(this.readFlow());
  }

  /** Whether its connection blocks; `null`: there is nothing to wait for at one. */
  get #blocks(): boolean | null {
    if (this.received === null || this.#content !== null || this.#encoded !== null) return null;
    return this.received.exchange.connection.socket.blocking;
  }

  #refuseIfBlocking(name: string, other: string): void {
    if (this.#blocks !== true) return;
    throw new TypeError(`Cannot use response.${name}: the response comes from Client, which blocks; use ${other}`);
  }

  #refuseUnlessBlocking(name: string, other: string): void {
    if (this.#blocks !== false) return;
    throw new TypeError(`Cannot use response.${name}: the response comes from AsyncClient; use ${other}`);
  }

  /** Drives a flow on a thread that blocks. */
  #run<T>(flow: Flow<T>): T {
    return runSync(flow, this.received?.exchange.connection.deadlines ?? null, this.#guard);
  }

  /** How a byte stream over the body has its flows driven: that of a blocking client blocks who reads it. */
  get #driver(): FlowDriver {
    if (this.#blocks !== true) return ON_LOOP;
    return {
      drive: (flow, resolve, reject) => {
        let value: Parameters<typeof resolve>[0];
        try {
          value = this.#run(flow);
        } catch (error) {
          reject(error);
          return;
        }
        resolve(value);
      },
    };
  }

  // ── body piece by piece ──

  /** The source of the body, taken: decoded, or as it came. */
  #open(decoded: boolean): ByteSource {
    if (this.#consumed) throw new StreamConsumed();
    if (this.#closed) throw new StreamClosed();
    this.#consumed = true;
    const raw = this.#stream ?? (this.received as Received).source;
    this.#source = decoded ? this.#decoding(raw) : raw;
    if (this.#unread !== null) this.#unread.source = this.#source;
    return this.#source;
  }

  /** The source of the body as it came. @throws StreamError where the transport has decoded it */
  #raw(): ByteSource {
    if (!this.#isDecoded) return this.#open(false);
    throw new StreamError('Cannot read the body as it came: the transport gave it decoded, as fetch does');
  }

  #decoding(raw: ByteSource): ByteSource {
    if (this.received !== null && (this.flags & abi.FLAG_CONTENT_ENCODING) === 0) return raw;
    try {
      return this.#decodedSource(raw, this.#codings);
    } catch (error) {
      raw.close();
      throw this.failed(error);
    }
  }

  /** The body for a reader: from memory if it was read, else from its source. */
  #reading(): ByteSource {
    const encoded = this.#encoded;
    if (encoded !== null && !areLoaded(this.#codings)) {
      return this.#decodedSource(new OctetsSource(encoded.slice()), this.#codings);
    }
    // A copy: who reads may transfer what it gets.
    const { whole } = this;
    return whole === null ? this.#open(true) : new OctetsSource(whole.slice());
  }

  #iterate<T>(name: string, open: () => ByteSource, transform: Transform<T>): AsyncIterableIterator<T, undefined> {
    const lending = () => {
      this.#refuseIfBlocking(`a${name}`, name);
      const source = open();
      source.lend();
      return source;
    };
    return new AsyncBodyIterator(lending, transform, this);
  }

  #iterateBlocking<T>(name: string, open: () => ByteSource, transform: Transform<T>): IterableIterator<T, undefined> {
    const lending = () => {
      this.#refuseUnlessBlocking(name, `a${name}`);
      const source = open();
      source.lend();
      return source;
    };
    return new BlockingBodyIterator(lending, transform, this, (flow) => this.#run(flow));
  }

  /** The body as it came, before content decoding, in pieces (of `chunkSize` octets each). */
  aiterRaw(chunkSize?: number | null): AsyncIterableIterator<Uint8Array<ArrayBuffer>, undefined> {
    return this.#iterate('iterRaw', () => this.#raw(), octetsTransform(chunkSize));
  }

  /** As `aiterRaw`, blocking. */
  iterRaw(chunkSize?: number | null): IterableIterator<Uint8Array<ArrayBuffer>, undefined> {
    return this.#iterateBlocking('iterRaw', () => this.#raw(), octetsTransform(chunkSize));
  }

  /** The decoded body in pieces (of `chunkSize` octets each). */
  aiterBytes(chunkSize?: number | null): AsyncIterableIterator<Uint8Array<ArrayBuffer>, undefined> {
    return this.#iterate('iterBytes', () => this.#reading(), octetsTransform(chunkSize));
  }

  /** As `aiterBytes`, blocking. */
  iterBytes(chunkSize?: number | null): IterableIterator<Uint8Array<ArrayBuffer>, undefined> {
    return this.#iterateBlocking('iterBytes', () => this.#reading(), octetsTransform(chunkSize));
  }

  /** The body as text, in pieces (of `chunkSize` code points each). */
  aiterText(chunkSize?: number | null): AsyncIterableIterator<string, undefined> {
    return this.#iterate('iterText', () => this.#reading(), new TextPieces(this.encoding, chunkSize ?? null));
  }

  /** As `aiterText`, blocking. */
  iterText(chunkSize?: number | null): IterableIterator<string, undefined> {
    return this.#iterateBlocking('iterText', () => this.#reading(), new TextPieces(this.encoding, chunkSize ?? null));
  }

  /** The lines of the body's text, without their ends. */
  aiterLines(): AsyncIterableIterator<string, undefined> {
    return this.#iterate('iterLines', () => this.#reading(), new TextLines(this.encoding));
  }

  /** As `aiterLines`, blocking. */
  iterLines(): IterableIterator<string, undefined> {
    return this.#iterateBlocking('iterLines', () => this.#reading(), new TextLines(this.encoding));
  }

  /** The decoded body as a byte stream. BYOB readers work; back-pressure reaches the socket; cancel closes the response. */
  get body(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#body ??= byteStream(this.#reading(), this, this.#driver);
    return this.#body;
  }

  /** The body as it came, before content decoding, as a byte stream. */
  get rawBody(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#rawBody ??= byteStream(this.#raw(), this, this.#driver);
    return this.#rawBody;
  }

  /** @internal As `body`, whose reader sees an error as `shownAs` has it. */
  webBody(shownAs: (error: unknown) => unknown): ReadableStream<Uint8Array<ArrayBuffer>> {
    const owner: BodyOwner = {
      settled: () => this.settled(),
      failed: (error) => shownAs(this.failed(error)),
      closeNow: () => this.closeNow(),
    };
    return byteStream(this.#reading(), owner, this.#driver);
  }

  // ── end ──

  /** @internal */
  settled(): void {
    if (this.#guard !== null && this.#watched !== null) {
      this.#guard.leave(this.#watched);
      this.#guard = null;
    }
    if (this.#unread !== null) {
      this.#unread = null;
      droppedUnread.unregister(this);
    }
    if (this.#closed) return;
    this.#closed = true;
    if (this.#clock !== null) this.#elapsedMs = this.#clock.now() - this.#startedAt;
  }

  /** @internal */
  failed(error: unknown): unknown {
    const exchange = this.received?.exchange;
    if (error instanceof TransportError && exchange !== undefined) error.sent = exchange.sent;
    if (error instanceof TotalTimeout) error.phase ??= 'read';
    if (error instanceof HTTPError && this.#request !== null) error.attachRequest(this.#request);
    this.closeNow();
    this.watched?.failed(error);
    return error;
  }

  /** @internal Closes without waiting; never throws. */
  closeNow(): void {
    this.received?.exchange.networkStream?.close();
    if (this.#closed) return;
    this.#source?.close();
    this.received?.source.close();
    this.#stream?.close();
    this.settled();
  }

  /** Closes the response; a connection whose body was not read to its end is closed with it. Idempotent. */
  async aclose(): Promise<void> {
    this.closeNow();
  }

  /** As `aclose`, done when it returns. */
  close(): void {
    this.closeNow();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.aclose();
  }

  [Symbol.dispose](): void {
    this.closeNow();
  }
}

function unwatching(guard: Guard, watched: Abortable | null): (() => void) | null {
  return watched === null ? null : () => guard.leave(watched);
}

function octetsTransform(chunkSize: number | null | undefined): Transform<Uint8Array<ArrayBuffer>> {
  return chunkSize === null || chunkSize === undefined ? new Pieces() : new Chunks(chunkSize);
}

function timeless(isClosed: boolean): ResponseNotRead {
  const why = isClosed
    ? 'the response was made by hand, and no client has sent its request'
    : 'the response is not closed yet; extensions.timings.firstByte tells when its head came';
  return new ResponseNotRead(`Cannot read response.elapsedMs: ${why}`);
}

/** All of a source, as one. */
function* gathered(source: ByteSource): Flow<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let octets = 0;
  for (;;) {
    const piece = source.readNow() ?? (yield* source.next());
    if (piece === null) return joined(pieces, octets);
    pieces.push(piece);
    octets += piece.length;
  }
}
