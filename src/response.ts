/**
 * A response (httpx: `Response`): status, headers, what its body means. How that is read is response-body.ts. Headers and
 * text are made when they are asked for.
 */

import { host as ownHost } from '#host';
import * as abi from '../assembly/abi.js';
import { closerOf } from './byte-stream.js';
import { checkFields, INSPECT, own, typeNameOf } from './config.js';
import { encodeContent } from './content.js';
import { Cookies } from './cookies.js';
import { HTTPStatusError, ResponseNotRead } from './exceptions.js';
import { runSync } from './flow.js';
import { Headers } from './headers.js';
import type { Host } from './hosts/host.js';
import { jsonOf } from './json-body.js';
import { type Link, linksOf } from './links.js';
import { charsetOf } from './media-type.js';
import type { NetworkStream, SyncNetworkStream } from './network-stream.js';
import { Received, type Timings, timingsOf } from './received.js';
import { type AsyncRequest, type Request, type SyncRequest, shown, shownReference } from './request.js';
import { ResponseBody } from './response-body.js';
import { checkOptions, RESPONSE_OPTIONS, type ResponseOptions, responseContent } from './response-options.js';
import { codes } from './status.js';
import { statusMessage } from './status-message.js';
import { decodeText, isKnownEncoding } from './text.js';
import { isBodiless, OF_CODED_BODY, webResponse } from './web-response.js';
import { wireReason } from './wire-fields.js';

/** What the layers below say about a response (httpx: response extensions), but for the connection itself. */
export interface ResponseFacts {
  /** 'HTTP/1.1', 'HTTP/2'. */
  readonly httpVersion?: string | null | undefined;
  /** Of HTTP/1.1: what the server said. */
  readonly reasonPhrase?: string | null | undefined;
  /** Of HTTP/2: the number of the request's stream on its connection. */
  readonly streamId?: number | undefined;
  /** Where the time went. */
  readonly timings?: Timings | undefined;
  /** The transport gives the body decoded, whatever Content-Encoding says; how it came is not known. */
  readonly contentDecoded?: boolean | null | undefined;
  readonly [name: string]: unknown;
}

/** What the layers below say about a response. */
export interface ResponseExtensions extends ResponseFacts {
  /** After 101, or 2xx to CONNECT: the connection, which is no longer HTTP. */
  readonly networkStream?: NetworkStream | undefined;
}

/** What the layers below say about a response of `Client`. */
export interface SyncResponseExtensions extends ResponseFacts {
  /** After 101, or 2xx to CONNECT: the connection, which is no longer HTTP. */
  readonly networkStream?: SyncNetworkStream | undefined;
}

/** What a `Response` shows to both views: how its connection answers depends on the client that it comes from. */
type Extensions = ResponseExtensions & SyncResponseExtensions;

/** An encoding, or a function that finds one out from the body. */
export type DefaultEncoding = string | ((content: Uint8Array) => string | null);

const NO_HISTORY: readonly Response[] = Object.freeze([]);
/** Fields whose values are URLs. */
const REFERENCES = ['location', 'content-location'] as const;
const GONE =
  'Cannot give the content of a streamed response: it is closed, and its content was not kept; `read()` (Client) or ' +
  '`await aread()` (AsyncClient) before that keeps it, in a response hook before `raiseForStatus()`.';
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** A response. `[Symbol.asyncDispose]` closes it; so does reading it to its end. */
export class Response extends ResponseBody {
  /** The status code (RFC 9110 §15). */
  readonly statusCode: number;
  /** The responses that led here, redirects and steps of auth flows, the earliest first; their bodies are closed. */
  history: readonly Response[] = NO_HISTORY;
  /** The request that a redirect asks for, where it was not followed. */
  nextRequest: Request | null = null;
  /** How `text` is decoded where the server names no charset. */
  defaultEncoding: DefaultEncoding = 'utf-8';
  #headers: Headers | null = null;
  #extensions: Extensions | null = null;
  /** Tells the date, and which suffixes are public. @internal */
  host: Host = ownHost;
  #cookies: Cookies | null = null;
  #text: string | null = null;
  #encoding: string | null = null;

  /** A response made by hand: for mocks, and for transports of one's own. @throws TypeError for what no response is made of. */
  constructor(statusCode: number, options?: ResponseOptions);
  /** @internal */
  constructor(statusCode: number, options: Received);
  constructor(statusCode: number, options?: ResponseOptions | Received) {
    super(options instanceof Received ? options : null);
    this.statusCode = statusCode;
    if (!(options instanceof Received)) this.#make(options);
  }

  #make(options: ResponseOptions | undefined): void {
    if (!Number.isInteger(this.statusCode)) {
      const given: unknown = this.statusCode;
      const got =
        typeof given === 'number' ? given : typeof given === 'string' ? JSON.stringify(given) : typeNameOf(given);
      throw new TypeError(`Cannot make a response: expected an integer as its status code, got ${got}`);
    }
    checkFields(options, RESPONSE_OPTIONS, 'make a response');
    checkOptions(options);
    const headers = new Headers(own(options, 'headers') ?? null);
    this.#headers = headers;
    const request = own(options, 'request');
    if (request !== null && request !== undefined) this.request = request as Request;
    this.#extensions = (own(options, 'extensions') as Extensions | null | undefined) ?? null;
    this.history = (own(options, 'history') as readonly Response[] | null | undefined) ?? NO_HISTORY;
    this.defaultEncoding = own(options, 'defaultEncoding') ?? 'utf-8';
    const stream = own(options, 'stream') ?? null;
    const made = stream === null ? responseContent(options) : encodeContent(stream, 'response');
    if (stream === null) {
      for (const [name, value] of made.headers) {
        const isTold = name === 'Transfer-Encoding' && headers.has('content-length');
        if (!isTold && !headers.has(name)) headers.append(name, value);
      }
    }
    if (own(this.#extensions, 'contentDecoded') === true) this.wasDecoded();
    this.setBody(made.body, stream !== null, closerOf(stream ?? own(options, 'content')));
  }

  // ── head ──

  /** Every field line, in the order and spelling of the server. */
  override get headers(): Headers {
    if (this.#headers === null) {
      const head = this.received?.exchange.head;
      this.#headers =
        head === null || head === undefined ? new Headers() : Headers.fromWire(head.text, head.fields, head.known);
    }
    return this.#headers;
  }

  /** Trailer fields (RFC 9110 §6.5); empty until the body has ended. */
  get trailers(): Headers {
    const trailers = this.received?.exchange.trailers;
    return trailers === null || trailers === undefined
      ? new Headers()
      : Headers.fromWire(trailers.text, trailers.fields, trailers.known);
  }

  /** 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2'. */
  get httpVersion(): string {
    if (this.received !== null)
      return this.flags & abi.FLAG_HTTP_1_0 ? 'HTTP/1.0' : this.received.exchange.connection.httpVersion;
    return own(this.#extensions, 'httpVersion') ?? 'HTTP/1.1';
  }

  /** What the server said; what is usual for a status made by hand, and of HTTP/2, which says nothing (RFC 9113 §8.3.2). */
  get reasonPhrase(): string {
    const said = own(this.#extensions, 'reasonPhrase') ?? null;
    if (said !== null) return asciiOf(said);
    if (this.received === null || this.received.exchange.connection.multiplexes) {
      return codes.getReasonPhrase(this.statusCode);
    }
    const { text, fields } = this.received.exchange.head as { text: string; fields: number };
    return asciiOf(wireReason(text, fields));
  }

  /** What the layers below say: `httpVersion`, `reasonPhrase`, `timings`, `networkStream` of a connection that is no longer HTTP. */
  get extensions(): Extensions {
    if (this.received === null) {
      this.#extensions ??= {};
      return this.#extensions;
    }
    const { exchange } = this.received;
    const { networkStream, connection, stream } = exchange;
    return {
      httpVersion: this.httpVersion,
      ...(connection.multiplexes ? { streamId: stream } : { reasonPhrase: this.reasonPhrase }),
      timings: timingsOf(this.received),
      ...(networkStream === null ? {} : { networkStream }),
    } as Extensions;
  }

  /** 1xx. */
  get isInformational(): boolean {
    return codes.isInformational(this.statusCode);
  }

  /** 2xx. */
  get isSuccess(): boolean {
    return codes.isSuccess(this.statusCode);
  }

  /** 3xx; whether it says where to is `hasRedirectLocation`. */
  get isRedirect(): boolean {
    return codes.isRedirect(this.statusCode);
  }

  /** 4xx. */
  get isClientError(): boolean {
    return codes.isClientError(this.statusCode);
  }

  /** 5xx. */
  get isServerError(): boolean {
    return codes.isServerError(this.statusCode);
  }

  /** 4xx or 5xx. */
  get isError(): boolean {
    return codes.isError(this.statusCode);
  }

  /** Sets cookies. @internal */
  get setsCookies(): boolean {
    if (this.#headers !== null || this.received === null) return this.headers.has('set-cookie');
    return (this.flags & abi.FLAG_SET_COOKIE) !== 0;
  }

  /** The cookies that this very response sets, as far as it may. @throws Error without a request */
  get cookies(): Cookies {
    if (this.#cookies === null) {
      const cookies = new Cookies(null, this.host);
      if (this.setsCookies) runSync(cookies.receive(this.request.url, this.headers, this.host, true), null);
      this.#cookies = cookies;
    }
    return this.#cookies;
  }

  /** The Link fields by relation type; those of none by their target. The last one of a name counts (RFC 8288 §3). */
  get links(): Readonly<Record<string, Link>> {
    return linksOf(this.headers.get('link'));
  }

  /** A redirect that says where to. */
  get hasRedirectLocation(): boolean {
    return REDIRECTS.has(this.statusCode) && this.headers.has('location');
  }

  /** Returns the response if it is a success. @throws HTTPStatusError; Error without a request */
  raiseForStatus(): this {
    const { asked: request } = this;
    if (request === null) {
      throw new Error('Cannot call raiseForStatus: the response has no request (new Response(status, { request }))');
    }
    if (this.isSuccess) return this;
    throw new HTTPStatusError(statusMessage(this, request), { request, response: this });
  }

  // ── body as a whole ──

  /** The body, decoded. @throws ResponseNotRead before it was read. */
  get content(): Uint8Array<ArrayBuffer> {
    const { whole } = this;
    if (whole === null) throw this.isClosed ? new ResponseNotRead(GONE) : new ResponseNotRead();
    return whole;
  }

  /** The body as text, by `encoding`; bad octets become U+FFFD. @throws ResponseNotRead; RangeError for an unknown encoding */
  get text(): string {
    this.#text ??= decodeText(this.content, this.encoding);
    return this.#text;
  }

  /**
   * The body as JSON, in whichever Unicode encoding it is.
   * @throws SyntaxError that names status, type and URL, and how the body begins; ResponseNotRead
   */
  json<T = unknown>(): T {
    return jsonOf(this) as T;
  }

  /**
   * As a `globalThis.Response`, its `url` defined. Its body is the decoded one, unread if this one is, so Content-Encoding
   * and Content-Length are left out. @throws TypeError for 101; StreamConsumed, StreamClosed
   */
  toWeb(): globalThis.Response {
    const web = webResponse(this, () => this.whole ?? this.body, OF_CODED_BODY);
    // Nobody will read what is no body.
    if (isBodiless(this)) this.closeNow();
    return web;
  }

  /** Encoding of `text`: what was set, the charset of Content-Type if it is known, `defaultEncoding`, else utf-8. */
  override get encoding(): string {
    this.#encoding ??= this.#encodingOfCharset() ?? this.#defaultEncoding();
    return this.#encoding;
  }

  /** One that is not known is refused by `text`. @throws Error once `text` was read; TypeError for what is no name */
  override set encoding(encoding: string) {
    if (this.#text !== null) throw new Error('Cannot set response.encoding: the text has been read');
    if (typeof encoding !== 'string') {
      throw new TypeError(`Cannot set response.encoding: expected a string, got ${typeNameOf(encoding)}`);
    }
    this.#encoding = encoding;
  }

  #encodingOfCharset(): string | null {
    const charset = this.charsetEncoding;
    return charset !== null && isKnownEncoding(charset) ? charset : null;
  }

  #defaultEncoding(): string {
    const preset = this.defaultEncoding;
    if (typeof preset === 'string') return preset || 'utf-8';
    const { whole } = this;
    const found: unknown = whole === null ? null : preset(whole);
    if (found === null || found === undefined || typeof found === 'string') return found || 'utf-8';
    throw new TypeError(
      `Cannot decode text: expected defaultEncoding to return a string or null, got ${typeNameOf(found)}`,
    );
  }

  /** The charset that Content-Type names, in lower case, known or not; else `null`. */
  get charsetEncoding(): string | null {
    return charsetOf(this.headers.get('content-type'));
  }

  override toString(): string {
    return `<Response [${this.statusCode} ${this.reasonPhrase}]>`;
  }

  /** Its head; passwords, credentials and cookies masked. Nothing of its body; `url` is `null` without a request. */
  toJSON(): {
    statusCode: number;
    reasonPhrase: string;
    httpVersion: string;
    url: string | null;
    headers: Record<string, string | string[]>;
  } {
    const { statusCode, reasonPhrase, httpVersion, asked } = this;
    const headers = this.headers.toJSON();
    if (headers['set-cookie'] !== undefined) headers['set-cookie'] = '[secure]';
    for (const name of REFERENCES) {
      const given = headers[name];
      if (given !== undefined) headers[name] = Array.isArray(given) ? given.map(shownReference) : shownReference(given);
    }
    return { statusCode, reasonPhrase, httpVersion, url: asked === null ? null : shown(asked.url), headers };
  }

  /** @internal */
  [INSPECT](): string {
    return this.toString();
  }
}

/** Without characters that a reason phrase should not have (as httpx). */
function asciiOf(phrase: string): string {
  return phrase.replace(/[\x80-\uffff]/g, '');
}

/** What of a response blocks who asks. */
type BlockingMembers = 'read' | 'iterRaw' | 'iterBytes' | 'iterText' | 'iterLines' | 'close';
/** What of a response only an event loop can do. */
type AsyncMembers = 'aread' | 'aiterRaw' | 'aiterBytes' | 'aiterText' | 'aiterLines' | 'aclose';

/** What of a response is itself seen one way or the other. */
type Views = 'raiseForStatus' | 'history' | 'extensions' | 'request' | 'nextRequest';

/** A response of `AsyncClient`: a `Response`, without what would block. */
export interface AsyncResponse extends Omit<Response, BlockingMembers | Views> {
  readonly history: readonly AsyncResponse[];
  readonly extensions: ResponseExtensions;
  /** The request that this answers. @throws Error while none is set. */
  request: AsyncRequest;
  /** The request that a redirect asks for, where it was not followed. */
  nextRequest: AsyncRequest | null;
  /** Returns the response if it is a success. @throws HTTPStatusError */
  raiseForStatus(): this;
}

/** A response of `Client`: a `Response`, without what needs an event loop. */
export interface SyncResponse extends Omit<Response, AsyncMembers | Views> {
  readonly history: readonly SyncResponse[];
  readonly extensions: SyncResponseExtensions;
  /** The request that this answers. @throws Error while none is set. */
  request: SyncRequest;
  /** The request that a redirect asks for, where it was not followed. */
  nextRequest: SyncRequest | null;
  /** Returns the response if it is a success. @throws HTTPStatusError */
  raiseForStatus(): this;
}

/** A response of either client, or made by hand. Whatever the view, it is a `Response`. */
export type AnyResponse = AsyncResponse | SyncResponse;
