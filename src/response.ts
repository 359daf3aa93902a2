/**
 * A response (httpx: `Response`): status, headers, and a body that is read once, as a whole or piece by piece. A received
 * response keeps its exchange until the body ended; what was made by hand keeps its octets.
 *
 * Invariants: headers and text are made when asked for; inspection never reads the body; reading to the end, an error and
 * `close` all give the connection back, once.
 */
import * as abi from '../assembly/abi.js';
import { BodySource, type ByteSource, codingsOf, DecodedSource, joined, OctetsSource } from './body.js';
import { AsyncBodyIterator, byteStream, Chunks, Pieces, type Transform } from './body-readers.js';
import { checkFields, INSPECT, own } from './config.js';
import { type EncodedContent, encodeContent, encodeJson, octetsOf, type RequestContent } from './content.js';
import type { DecodeLimits } from './core.js';
import {
  HTTPError,
  HTTPStatusError,
  ResponseNotRead,
  StreamClosed,
  StreamConsumed,
  TransportError,
} from './exceptions.js';
import type { Exchange } from './exchange.js';
import { type Abortable, type Flow, type Guard, runAsync } from './flow.js';
import { Headers, type HeaderTypes } from './headers.js';
import type { NetworkStream } from './network-stream.js';
import { droppedUnread, Received, type Timings, timingsOf, type Unread } from './received.js';
import { type Request, shown } from './request.js';
import { codes } from './status.js';
import { charsetOf, decodeJsonText, decodeText, isKnown, TextLines, TextPieces } from './text.js';
import type { URL } from './url.js';

/** What the layers below say about a response (httpx: response extensions). */
export interface ResponseExtensions {
  readonly httpVersion?: string;
  readonly reasonPhrase?: string;
  /** After 101, or 2xx to CONNECT: the connection, which is no longer HTTP. */
  readonly networkStream?: NetworkStream;
  readonly streamId?: number;
  readonly timings?: Timings;
  readonly [name: string]: unknown;
}

/** What a response is made of. The first of content, text, html and json that is given is its body. */
export interface ResponseOptions {
  readonly headers?: HeaderTypes | undefined;
  /** Octets, a string (as UTF-8), or a stream of them. */
  readonly content?: RequestContent | null | undefined;
  /** As text/plain in UTF-8. */
  readonly text?: string | null | undefined;
  /** As text/html in UTF-8. */
  readonly html?: string | null | undefined;
  /** As application/json. */
  readonly json?: unknown;
  /** A body that announces nothing of itself in the headers. */
  readonly stream?: RequestContent | null | undefined;
  readonly request?: Request | null | undefined;
  readonly extensions?: ResponseExtensions | null | undefined;
  readonly history?: readonly Response[] | null | undefined;
  readonly defaultEncoding?: DefaultEncoding | null | undefined;
}

/** An encoding, or a function that finds one out from the body. */
export type DefaultEncoding = string | ((content: Uint8Array) => string | null);

const OPTIONS = [
  'headers',
  'content',
  'text',
  'html',
  'json',
  'stream',
  'request',
  'extensions',
  'history',
  'defaultEncoding',
] as const satisfies readonly (keyof ResponseOptions)[];
const NO_HISTORY: readonly Response[] = Object.freeze([]);
const NO_LIMITS: DecodeLimits = { decodedOctets: null, decodedRatio: null };
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** A response. `[Symbol.asyncDispose]` closes it; so does reading it to its end. */
export class Response {
  readonly statusCode: number;
  history: readonly Response[] = NO_HISTORY;
  /** The request that a redirect asks for, where it was not followed. */
  nextRequest: Request | null = null;
  defaultEncoding: DefaultEncoding = 'utf-8';
  readonly #received: Received | null;
  #request: Request | null = null;
  #headers: Headers | null = null;
  #extensions: ResponseExtensions | null = null;
  #content: Uint8Array<ArrayBuffer> | null = null;
  #stream: ByteSource | null = null;
  #source: ByteSource | null = null;
  #text: string | null = null;
  #encoding: string | null = null;
  #body: ReadableStream<Uint8Array<ArrayBuffer>> | null = null;
  #rawBody: ReadableStream<Uint8Array<ArrayBuffer>> | null = null;
  #consumed = false;
  #closed = false;
  #guard: Guard | null = null;
  /** What the guard stops. */
  #watched: Abortable | null = null;
  #unread: Unread | null = null;
  #startedAt = 0;
  #clock: { now(): number } | null = null;
  #elapsedMs: number | null = null;

  /** A response made by hand: for mocks, and for transports of one's own. @throws TypeError for what no response is made of. */
  constructor(statusCode: number, options?: ResponseOptions);
  /** @internal */
  constructor(statusCode: number, options: Received);
  constructor(statusCode: number, options?: ResponseOptions | Received) {
    this.statusCode = statusCode;
    if (options instanceof Received) {
      this.#received = options;
      return;
    }
    this.#received = null;
    this.#make(options);
  }

  #make(options: ResponseOptions | undefined): void {
    if (!Number.isInteger(this.statusCode)) {
      throw new TypeError(
        `Cannot make a response: expected an integer as its status code, got ${String(this.statusCode)}`,
      );
    }
    checkFields(options, OPTIONS, 'make a response');
    const headers = new Headers(own(options, 'headers') ?? null);
    this.#headers = headers;
    this.#request = own(options, 'request') ?? null;
    this.#extensions = own(options, 'extensions') ?? null;
    this.history = own(options, 'history') ?? NO_HISTORY;
    this.defaultEncoding = own(options, 'defaultEncoding') ?? 'utf-8';
    const stream = own(options, 'stream') ?? null;
    const made = stream === null ? responseContent(options) : encodeContent(stream);
    if (stream === null) {
      for (const [name, value] of made.headers) if (!headers.has(name)) headers.append(name, value);
    }
    const { octets } = made.body;
    if (octets === null || stream !== null) {
      this.#stream = new BodySource(made.body);
      return;
    }
    this.#content = this.#decodesTo(headers) ? this.#decodedNow(octets, headers) : octets;
    this.#consumed = this.#closed = true;
  }

  #decodesTo(headers: Headers): boolean {
    return headers.has('content-encoding');
  }

  #decodedNow(octets: Uint8Array<ArrayBuffer>, headers: Headers): Uint8Array<ArrayBuffer> {
    const codings = codingsOf(headers.get('content-encoding') ?? '');
    if (codings.length === 0 || octets.length === 0) return octets;
    const reading = gathered(new DecodedSource(new OctetsSource(octets), codings, NO_LIMITS)).next();
    return reading.value as Uint8Array<ArrayBuffer>;
  }

  // ── where it comes from ──

  /** The request that this answers. @throws Error while none is set. */
  get request(): Request {
    if (this.#request === null) throw new Error('Cannot read response.request: the response has no request');
    return this.#request;
  }

  set request(request: Request) {
    this.#request = request;
  }

  get url(): URL {
    return this.request.url;
  }

  /** @internal Notes of the send flow: when the request was sent, and by which clock. */
  sentAt(startedAt: number, clock: { now(): number }): void {
    this.#startedAt = startedAt;
    this.#clock = clock;
    if (this.#closed) this.#elapsedMs ??= clock.now() - startedAt;
  }

  /**
   * @internal The call's signal and total time now watch over the body. What they hold on to is the exchange, not this
   * response, so that a response that is dropped can still be collected.
   */
  watchedBy(guard: Guard): void {
    const { exchange } = this.#received as Received;
    const request = this.#request;
    this.#guard = guard;
    this.#watched = {
      abort(reason) {
        if (exchange.ended) return;
        if (reason instanceof HTTPError && request !== null) reason.attachRequest(request);
        exchange.fail(reason);
      },
    };
    guard.moveTo(this.#watched);
    if (this.#unread !== null) this.#unread.unwatch = unwatching(guard, this.#watched);
  }

  /** @internal If this response is dropped before its body was read, its connection is given up and the developer told. */
  reportIfDropped(warn: (message: string) => void): void {
    if (this.#received === null || this.#closed || this.#unread !== null) return;
    const unwatch = this.#guard === null ? null : unwatching(this.#guard, this.#watched);
    this.#unread = { exchange: this.#received.exchange, url: shown(this.url), warn, source: null, unwatch };
    droppedUnread.register(this, this.#unread, this);
  }

  /** @internal FLAG_* of the head. */
  get flags(): number {
    return this.#received === null ? 0 : this.#received.exchange.flags;
  }

  /** @internal The exchange whose body is still to come, if any. */
  get pending(): Exchange | null {
    const exchange = this.#received?.exchange ?? null;
    return exchange !== null && !exchange.ended && !this.#closed ? exchange : null;
  }

  // ── head ──

  get headers(): Headers {
    if (this.#headers === null) {
      const head = this.#received?.exchange.head;
      this.#headers = head === null || head === undefined ? new Headers() : Headers.fromWire(head.text, head.fields);
    }
    return this.#headers;
  }

  /** Trailer fields (RFC 9110 §6.5); empty until the body has ended. */
  get trailers(): Headers {
    const trailers = this.#received?.exchange.trailers;
    return trailers === null || trailers === undefined
      ? new Headers()
      : Headers.fromWire(trailers.text, trailers.fields);
  }

  get httpVersion(): string {
    if (this.#received !== null)
      return this.flags & abi.FLAG_HTTP_1_0 ? 'HTTP/1.0' : this.#received.exchange.connection.httpVersion;
    return this.#extensions?.httpVersion ?? 'HTTP/1.1';
  }

  /** What the server said; of a status made by hand, what is usual. */
  get reasonPhrase(): string {
    const said = this.#extensions?.reasonPhrase;
    if (said !== undefined) return said;
    if (this.#received === null) return codes.getReasonPhrase(this.statusCode);
    const { text, fields } = this.#received.exchange.head as { text: string; fields: number };
    const start = fields * abi.FIELD_OCTETS;
    return text.slice(start + 13, text.indexOf('\r', start)).replace(/[\x80-\xff]/g, '');
  }

  get extensions(): ResponseExtensions {
    if (this.#received === null) {
      this.#extensions ??= {};
      return this.#extensions;
    }
    const { exchange } = this.#received;
    const { networkStream } = exchange;
    return {
      httpVersion: this.httpVersion,
      reasonPhrase: this.reasonPhrase,
      timings: timingsOf(this.#received),
      ...(networkStream === null ? {} : { networkStream }),
    };
  }

  get isInformational(): boolean {
    return codes.isInformational(this.statusCode);
  }

  get isSuccess(): boolean {
    return codes.isSuccess(this.statusCode);
  }

  get isRedirect(): boolean {
    return codes.isRedirect(this.statusCode);
  }

  get isClientError(): boolean {
    return codes.isClientError(this.statusCode);
  }

  get isServerError(): boolean {
    return codes.isServerError(this.statusCode);
  }

  get isError(): boolean {
    return codes.isError(this.statusCode);
  }

  /** A redirect that says where to. */
  get hasRedirectLocation(): boolean {
    return REDIRECTS.has(this.statusCode) && this.headers.has('location');
  }

  /** Returns the response if it is a success. @throws HTTPStatusError */
  raiseForStatus(): this {
    if (this.isSuccess) return this;
    const { request } = this;
    throw new HTTPStatusError(statusMessage(this, request), { request, response: this });
  }

  // ── state ──

  get isClosed(): boolean {
    return this.#closed;
  }

  get isStreamConsumed(): boolean {
    return this.#consumed;
  }

  /** Octets of the body that were read, as they came over the wire. */
  get numBytesDownloaded(): number {
    return this.#received === null ? 0 : this.#received.exchange.downloaded;
  }

  /** Milliseconds from sending the request to closing the response. @throws Error before it is closed. */
  get elapsedMs(): number {
    if (this.#elapsedMs === null) throw new Error('Cannot read response.elapsedMs: the response is not closed yet');
    return this.#elapsedMs;
  }

  // ── body as a whole ──

  /** The body, decoded. @throws ResponseNotRead before `aread()`. */
  get content(): Uint8Array<ArrayBuffer> {
    if (this.#content === null) throw new ResponseNotRead();
    return this.#content;
  }

  /** The body as text, by `encoding`. @throws ResponseNotRead before `aread()`. */
  get text(): string {
    this.#text ??= decodeText(this.content, this.encoding);
    return this.#text;
  }

  /** The body as JSON, in whichever Unicode encoding it is. @throws SyntaxError, ResponseNotRead */
  json<T = unknown>(): T {
    return JSON.parse(decodeJsonText(this.content)) as T;
  }

  /** Encoding of `text`: what was set, the charset of Content-Type if it is known, `defaultEncoding`, else utf-8. */
  get encoding(): string {
    this.#encoding ??= this.charsetEncoding ?? this.#defaultEncoding();
    return this.#encoding;
  }

  /** @throws Error once `text` was read. */
  set encoding(encoding: string) {
    if (this.#text !== null) throw new Error('Cannot set response.encoding: the text has been read');
    if (!isKnown(encoding))
      throw new RangeError(`Cannot set response.encoding: unknown encoding ${JSON.stringify(encoding)}`);
    this.#encoding = encoding.toLowerCase();
  }

  #defaultEncoding(): string {
    const preset = this.defaultEncoding;
    if (typeof preset === 'string') return preset;
    return this.#content === null ? 'utf-8' : (preset(this.#content) ?? 'utf-8');
  }

  /** The charset that Content-Type names, or `null`. */
  get charsetEncoding(): string | null {
    return charsetOf(this.headers.get('content-type'));
  }

  /** @internal Takes the body if it is all there. */
  readNow(): boolean {
    if (this.#content !== null) return true;
    const received = this.#received;
    if (received === null || this.#consumed || this.#closed) return false;
    const { exchange } = received;
    if (!exchange.ended || exchange.error !== null || (exchange.flags & abi.FLAG_CONTENT_ENCODING) !== 0) return false;
    this.#consumed = true;
    this.#content = exchange.takeAll();
    this.settled();
    return true;
  }

  /** @internal Reads the whole body. */
  *readFlow(): Flow<Uint8Array<ArrayBuffer>> {
    if (this.#content !== null) return this.#content;
    const source = this.#open(true);
    try {
      const exchange = this.#received?.exchange;
      this.#content = source === exchange ? yield* exchange.readAll() : yield* gathered(source);
    } catch (error) {
      throw this.failed(error);
    }
    this.settled();
    return this.#content;
  }

  /** Reads the whole body and returns it. @throws StreamConsumed, StreamClosed, ReadTimeout, RemoteProtocolError, DecodingError … */
  aread(): Promise<Uint8Array<ArrayBuffer>> {
    return runAsync(this.readFlow());
  }

  // ── body piece by piece ──

  /** The source of the body, taken: decoded, or as it came. */
  #open(decoded: boolean): ByteSource {
    if (this.#consumed) throw new StreamConsumed();
    if (this.#closed) throw new StreamClosed();
    this.#consumed = true;
    const raw = this.#stream ?? (this.#received as Received).exchange;
    this.#source = decoded ? this.#decoding(raw) : raw;
    if (this.#unread !== null) this.#unread.source = this.#source;
    return this.#source;
  }

  #decoding(raw: ByteSource): ByteSource {
    if (this.#received !== null && (this.flags & abi.FLAG_CONTENT_ENCODING) === 0) return raw;
    try {
      const codings = codingsOf(this.headers.get('content-encoding') ?? '');
      return codings.length === 0 ? raw : new DecodedSource(raw, codings, this.#received?.decodeLimits ?? NO_LIMITS);
    } catch (error) {
      raw.close();
      throw this.failed(error);
    }
  }

  /** The body for a reader: from memory if it was read, else from its source. */
  #reading(): ByteSource {
    // A copy: who reads may transfer what it gets.
    return this.#content === null ? this.#open(true) : new OctetsSource(this.#content.slice());
  }

  #iterate<T>(open: () => ByteSource, transform: Transform<T>): AsyncIterableIterator<T, undefined> {
    const lending = () => {
      const source = open();
      source.lend();
      return source;
    };
    return new AsyncBodyIterator(lending, transform, this);
  }

  /** The body as it came, before content decoding, in pieces (of `chunkSize` octets each). */
  aiterRaw(chunkSize?: number | null): AsyncIterableIterator<Uint8Array<ArrayBuffer>, undefined> {
    return this.#iterate(() => this.#open(false), octetsTransform(chunkSize));
  }

  /** The decoded body in pieces (of `chunkSize` octets each). */
  aiterBytes(chunkSize?: number | null): AsyncIterableIterator<Uint8Array<ArrayBuffer>, undefined> {
    return this.#iterate(() => this.#reading(), octetsTransform(chunkSize));
  }

  /** The body as text, in pieces (of `chunkSize` code points each). */
  aiterText(chunkSize?: number | null): AsyncIterableIterator<string, undefined> {
    return this.#iterate(() => this.#reading(), new TextPieces(this.encoding, chunkSize ?? null));
  }

  /** The lines of the body's text, without their ends. */
  aiterLines(): AsyncIterableIterator<string, undefined> {
    return this.#iterate(() => this.#reading(), new TextLines(this.encoding));
  }

  /** The decoded body as a byte stream. BYOB readers work; back-pressure reaches the socket; cancel closes the response. */
  get body(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#body ??= byteStream(this.#reading(), this);
    return this.#body;
  }

  /** The body as it came, before content decoding, as a byte stream. */
  get rawBody(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#rawBody ??= byteStream(this.#open(false), this);
    return this.#rawBody;
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
    const exchange = this.#received?.exchange;
    if (error instanceof TransportError && exchange !== undefined) error.sent = exchange.sent;
    if (error instanceof HTTPError && this.#request !== null) error.attachRequest(this.#request);
    this.closeNow();
    return error;
  }

  /** @internal Closes without waiting; never throws. */
  closeNow(): void {
    this.#received?.exchange.networkStream?.close();
    if (this.#closed) return;
    this.#source?.close();
    this.#received?.exchange.close();
    this.#stream?.close();
    this.settled();
  }

  /** Closes the response; a connection whose body was not read to its end is closed with it. Idempotent. */
  async aclose(): Promise<void> {
    this.closeNow();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.aclose();
  }

  [Symbol.dispose](): void {
    this.closeNow();
  }

  toString(): string {
    return `<Response [${this.statusCode} ${this.reasonPhrase}]>`;
  }

  /** @internal */
  [INSPECT](): string {
    return this.toString();
  }
}

function unwatching(guard: Guard, watched: Abortable | null): (() => void) | null {
  return watched === null ? null : () => guard.leave(watched);
}

function octetsTransform(chunkSize: number | null | undefined): Transform<Uint8Array<ArrayBuffer>> {
  return chunkSize === null || chunkSize === undefined ? new Pieces() : new Chunks(chunkSize);
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

function responseContent(options: ResponseOptions | undefined): EncodedContent {
  const content = own(options, 'content');
  if (content !== null && content !== undefined) return encodeContent(content);
  const text = own(options, 'text');
  if (text !== null && text !== undefined) return octetsOf(text, 'text/plain; charset=utf-8');
  const html = own(options, 'html');
  if (html !== null && html !== undefined) return octetsOf(html, 'text/html; charset=utf-8');
  const json = own(options, 'json');
  if (json !== null && json !== undefined) return encodeJson(json);
  return encodeContent('');
}

const KINDS = [
  'Invalid status code',
  'Informational response',
  'Success',
  'Redirect response',
  'Client error',
  'Server error',
];

function statusMessage(response: Response, request: Request): string {
  const { statusCode, reasonPhrase } = response;
  const kind = KINDS[Math.floor(statusCode / 100)] ?? KINDS[0];
  const where = response.hasRedirectLocation ? `\nRedirect location: '${response.headers.get('location')}'` : '';
  return (
    `${kind} '${statusCode} ${reasonPhrase}' for url '${shown(request.url)}'${where}` +
    `\nFor more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/${statusCode}`
  );
}
