/**
 * CONNECT as a client (RFC 9110 §9.3.6): asks an HTTP proxy for a tunnel. The answer is understood by the core, as any
 * response is. Every 2xx opens the tunnel; of any other answer nothing but its status gets into an error.
 */
import * as abi from '../assembly/abi.js';
import type { Connection, Events, Head, HeadLimits, StreamId } from './core.js';
import { openHttp1 } from './core-http1.js';
import { type ProtocolError, ProxyError } from './exceptions.js';
import { Headers } from './headers.js';
import type { Octets } from './hosts/socket.js';
import type { Handshake, HandshakeStep } from './tunnel.js';
import { wireReason } from './wire-fields.js';

/** Octets of a refusal's body that are read so that the connection can be asked once more. */
const DRAINED_OCTETS_MAX = 65536;
const AUTHENTICATION_REQUIRED = 407;
const MASK = '[secure]';
const CLOSING = abi.FLAG_CLOSE | abi.FLAG_UNTIL_CLOSE;
/** What a later try may not meet: a proxy that is busy, or that cannot reach the origin for now. */
const PASSING: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** Answers the challenges of one proxy (RFC 9110 §11.7). */
export interface ProxyAuthenticator {
  /** What the next authorization answers; `null`: there will be none. */
  readonly nonce: string | null;
  /** Value of Proxy-Authorization for the next request, as octets; `null`: none yet. */
  authorization(method: string, uri: string): Uint8Array | null;
  /** Takes the challenges of a 407 to a request that answered the nonce `answered`, if any. True: another is worth sending. */
  challenged(headers: Headers, answered: string | null): boolean;
}

/** What is asked for. */
export interface ConnectRequest {
  /** Host and port. */
  readonly authority: string;
  /** Beside Proxy-Authorization, where an authenticator gives it. */
  readonly headers: Headers;
  readonly authenticator: ProxyAuthenticator | null;
  readonly limits: HeadLimits;
}

/** One handshake; it may take several requests. */
export class ConnectHandshake implements Handshake, Events {
  state: 'talking' | 'open' | 'again' = 'talking';
  answer: unknown = undefined;
  surplus = 0;
  readonly #where: string;
  readonly #request: ConnectRequest;
  readonly #protocol: Connection;
  /** A challenge can still be met. */
  #mayRetry: boolean;
  /** A challenge is being met: its answer must end first. */
  #isMeeting = false;
  #headers: Headers;
  /** What the request's credentials answer. */
  #nonce: string | null = null;
  #status = 0;
  #flags = 0;
  #head: Head | null = null;
  #drained = 0;
  /** The answer is complete. */
  #ended = false;
  #reusable = false;
  #failure: Error | null = null;

  /** `where`: how messages begin; `isFirst`: a challenge may still be answered. */
  constructor(where: string, request: ConnectRequest, isFirst: boolean) {
    this.#where = where;
    this.#request = request;
    this.#mayRetry = isFirst && request.authenticator !== null;
    this.#headers = this.#authorized();
    this.#protocol = openHttp1(request.limits, (error) => {
      this.#failure = error;
    });
  }

  #authorized(): Headers {
    const { headers, authority, authenticator } = this.#request;
    this.#nonce = authenticator?.nonce ?? null;
    const authorization = authenticator?.authorization('CONNECT', authority) ?? null;
    if (authorization === null) return headers;
    const authorized = headers.copy();
    authorized.set('Proxy-Authorization', authorization);
    return authorized;
  }

  get steps(): readonly HandshakeStep[] {
    const { authority: target } = this.#request;
    const headers = this.#headers.copy();
    if (headers.has('proxy-authorization')) headers.set('Proxy-Authorization', MASK);
    const request = { method: 'CONNECT', url: target, headers, extensions: { target } };
    return [
      ['http11.send_request_headers', { request }],
      ['http11.send_request_body', { request }],
      ['http11.receive_response_headers', { request }],
    ];
  }

  begin(): Octets {
    const head = {
      method: 'CONNECT',
      target: this.#request.authority,
      block: this.#headers.block(),
      open: abi.OPEN_CONNECT,
      framing: null,
      protocol: null,
    };
    this.#protocol.open(head, true);
    return this.#protocol.takeOutput() as Octets;
  }

  receive(bytes: Uint8Array, length: number): Octets | null {
    this.#protocol.receive(bytes, length, false, 0, this);
    if (this.#failure !== null) throw this.#error(this.#failure.message, false, this.#failure);
    if (this.state === 'open' || this.#head === null) return null;
    if (!this.#isMeeting && !this.#canMeet()) throw this.#refusal();
    return this.#retried();
  }

  /** The refusal is a challenge that the authenticator knows how to meet. */
  #canMeet(): boolean {
    if (this.#status !== AUTHENTICATION_REQUIRED || !this.#mayRetry) return false;
    const { text, fields } = this.#head as Head;
    this.#mayRetry = false;
    this.#isMeeting = this.#isMet(Headers.fromWire(text, fields));
    return this.#isMeeting;
  }

  #isMet(challenges: Headers): boolean {
    try {
      return this.#request.authenticator?.challenged(challenges, this.#nonce) === true;
    } catch (cause) {
      throw this.#error(`it answered CONNECT with 407: ${(cause as Error).message}`, false, cause);
    }
  }

  /** Asks once more as soon as the answer has ended; over another connection if this one cannot be kept. */
  #retried(): Octets | null {
    const closes = (this.#flags & CLOSING) !== 0 || (this.#ended && !this.#reusable);
    if (closes || this.#drained > DRAINED_OCTETS_MAX) {
      this.state = 'again';
      return null;
    }
    if (!this.#ended) return null;
    this.#isMeeting = false;
    this.#head = null;
    this.#ended = false;
    this.#headers = this.#authorized();
    return this.begin();
  }

  ended(): ProxyError | null {
    if (!this.#isMeeting) return this.#error('it closed the connection without an answer', true);
    this.state = 'again';
    return null;
  }

  #refusal(): ProxyError {
    const { text, fields } = this.#head as Head;
    const reason = reasonOf(text, fields);
    return this.#error(
      `it answered CONNECT with ${this.#status}${reason === '' ? '' : ` ${reason}`}`,
      PASSING.has(this.#status),
    );
  }

  #error(why: string, retryable: boolean, cause: unknown = null): ProxyError {
    return new ProxyError(`${this.#where}: ${why}`, { retryable, ...(cause === null ? {} : { cause }) });
  }

  free(): void {
    this.#protocol.free();
  }

  // ── Events ──

  onHead(_stream: StreamId, status: number, flags: number, head: Head): void {
    this.#status = status;
    this.#flags = flags;
    this.#head = head;
    const { text, fields } = head;
    const version = (flags & abi.FLAG_HTTP_1_0) !== 0 ? 'HTTP/1.0' : 'HTTP/1.1';
    this.answer = [version, status, reasonOf(text, fields), Headers.fromWire(text, fields)];
  }

  onInterim(): void {}

  onData(_stream: StreamId, _bytes: Uint8Array, from: number, to: number): boolean {
    this.#drained += to - from;
    return false;
  }

  onEnd(_stream: StreamId, keepAlive: boolean): void {
    this.#ended = true;
    this.#reusable = keepAlive;
  }

  onWritable(): void {}

  onUpgrade(_stream: StreamId, _bytes: Uint8Array, from: number, to: number): void {
    this.state = 'open';
    this.surplus = to - from;
  }

  onReset(): void {}

  onStreamsMax(): void {}

  onStreamError(): void {}

  onGoaway(): void {}

  onError(error: ProtocolError): void {
    this.#failure = error;
  }
}

/** Without characters that a reason phrase should not have (as httpx). */
function reasonOf(text: string, fields: number): string {
  return wireReason(text, fields).replace(/[\x80-\xff]/g, '');
}
