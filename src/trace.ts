/**
 * The `trace` extension of a request (httpx: httpcore's trace events): a function that is told of each step on the way of a
 * request, by httpcore's names. Steps that succeed wait for it if it answers with a promise; that a step failed, or that a
 * response was closed, is told without waiting, since whoever learns it is on the way out.
 *
 * Nothing here is made for a request without the extension.
 */
import type { ByteSource } from './body.js';
import type { ConnectAttempt } from './connect-attempt.js';
import type { HttpConnection } from './connection.js';
import { StreamClosed } from './exceptions.js';
import type { CallLimits, Exchange } from './exchange.js';
import { type Flow, isThenable } from './flow.js';
import type { Address, TlsTarget } from './hosts/socket.js';
import type { Request } from './request.js';

/** What is known of one step; its keys are httpcore's, camelCased. */
export interface TraceInfo {
  /** Of every `complete`. */
  readonly returnValue?: unknown;
  /** Of every `failed`. */
  readonly exception?: unknown;
  readonly [name: string]: unknown;
}

/** Told of each step: `connection.connect_tcp.started`, `http11.send_request_headers.complete`, … */
export type TraceFunction = (eventName: string, info: TraceInfo) => unknown;

/** A connection as `connect_tcp.complete` and `start_tls.complete` give it. */
export interface TracedConnection {
  /** As httpx: 'client_addr', 'server_addr', 'socket', 'ssl_object', 'is_readable'; `undefined` where the host knows none. */
  getExtraInfo(name: string): unknown;
}

const NOTHING: TraceInfo = Object.freeze({});
const NO_VALUE: TraceInfo = Object.freeze({ returnValue: null });

function connectInfo({ host, port, localAddress, uds, socketOptions }: Address, { connect }: CallLimits): TraceInfo {
  const timeout = connect === null ? null : connect.ms;
  return uds === null ? { host, port, localAddress, timeout, socketOptions } : { path: uds, timeout, socketOptions };
}

/** One request's trace: which step it is in, and whom to tell. */
export class Trace {
  readonly #tell: TraceFunction;
  readonly #warn: (message: string) => void;
  #step: string | null = null;
  /** How the steps of the exchange are called, and what is told of each. */
  #protocol: 'http11' | 'http2' = 'http11';
  #info: TraceInfo = NOTHING;
  #stream: TraceInfo = NOTHING;
  /** The peer's SETTINGS had not come when the exchange began. */
  #awaitsSettings = false;

  /** `warn` hears of errors that the function throws where nobody is left to get them. */
  constructor(tell: TraceFunction, warn: (message: string) => void) {
    this.#tell = tell;
    this.#warn = warn;
  }

  /** A step begins. Its promise may be waited for later: what must happen at once need not wait. */
  begin(step: string, info: TraceInfo): unknown {
    this.#step = step;
    return this.#tell(`${step}.started`, info);
  }

  /** The step under way, if any, is done with `info`. */
  end(info: TraceInfo = NO_VALUE): unknown {
    const step = this.#step;
    this.#step = null;
    return step === null ? undefined : this.#tell(`${step}.complete`, info);
  }

  /** The step under way is done, and another begins. */
  *next(step: string, info: TraceInfo): Flow<void> {
    yield this.end();
    yield this.begin(step, info);
  }

  /** Tells without waiting, and whatever the function makes of it. */
  tellNow(name: string, info: TraceInfo): void {
    const failed = (error: unknown): void => this.#warn(`The trace function failed at ${name}: ${String(error)}`);
    try {
      const told = this.#tell(name, info);
      if (isThenable(told)) told.then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }

  /** The step under way, if any, failed. */
  fail(exception: unknown): void {
    const step = this.#step;
    this.#step = null;
    if (step !== null) this.tellNow(`${step}.failed`, { exception });
  }

  // ── an exchange ──

  /** An exchange of HTTP/1.1 is about to begin. */
  beginExchange(request: Request): unknown {
    this.#protocol = 'http11';
    this.#info = { request };
    this.#stream = NOTHING;
    return this.begin('http11.send_request_headers', this.#info);
  }

  /** An exchange of HTTP/2 has just begun: with the connection's preface before it, if it is the first. */
  *beganExchange({ connection, stream: streamId }: Exchange, request: Request): Flow<void> {
    this.#protocol = 'http2';
    this.#info = { request, streamId };
    this.#stream = { streamId };
    this.#awaitsSettings = connection.settling;
    if (streamId === 1) {
      yield this.begin('http2.send_connection_init', { request });
      yield this.end();
    }
    yield this.begin('http2.send_request_headers', this.#info);
  }

  /** The next step of the exchange begins. */
  nextStep(step: string): Flow<void> {
    return this.next(`${this.#protocol}.${step}`, this.#info);
  }

  /** Tells of the peer's SETTINGS, if they came while a response was waited for. */
  tellSettings(connection: HttpConnection): void {
    if (!this.#awaitsSettings || connection.settling) return;
    this.#awaitsSettings = false;
    this.tellNow('http2.receive_remote_settings.started', NOTHING);
    this.tellNow('http2.receive_remote_settings.complete', { returnValue: null });
  }

  /** The response is over. */
  closed(): void {
    this.tellNow(`${this.#protocol}.response_closed.started`, this.#stream);
    this.tellNow(`${this.#protocol}.response_closed.complete`, NO_VALUE);
  }

  // ── connecting ──

  /** A connect begins: to the origin or to an HTTP proxy, or to a SOCKS proxy. */
  connecting(address: Address, limits: CallLimits, to: 'connection' | 'socks'): unknown {
    const info = connectInfo(address, limits);
    if (to === 'socks') {
      const { host, port, timeout } = info;
      return this.begin('socks.connect_tcp', { host, port, timeout });
    }
    return this.begin(address.uds === null ? 'connection.connect_tcp' : 'connection.connect_unix_socket', info);
  }

  /** A connect failed, and the pause before the next begins. */
  retrying(address: Address, limits: CallLimits): unknown {
    return this.begin('connection.retry', connectInfo(address, limits));
  }

  /** TLS begins, over a connection that is there. */
  startingTls(step: string, tls: TlsTarget, { connect }: CallLimits): unknown {
    const sslContext = { verify: tls.verify, alpn: tls.alpn };
    const timeout = connect === null ? null : connect.ms;
    return this.begin(step, { sslContext, serverHostname: tls.serverName ?? tls.hostname, timeout });
  }

  /** Tells how far a connect has come; true if there was something to tell. */
  *follow(attempt: ConnectAttempt, { tls }: Address, limits: CallLimits): Flow<boolean> {
    const step = this.#step;
    if (step === null) return false;
    const connection: TracedConnection = { getExtraInfo: (name) => attempt.info(name) };
    const done = attempt.socket !== null;
    if (step !== 'connection.start_tls') {
      if (!done && attempt.phase !== 'tls') return false;
      yield this.end({ returnValue: connection });
      if (tls === null) return true;
      yield this.startingTls('connection.start_tls', tls, limits);
      return true;
    }
    if (!done) return false;
    yield this.end({ returnValue: connection });
    return true;
  }
}

/** The body of a traced response: an exchange's, each reading of which is told. */
export class TracedSource implements ByteSource {
  readonly fill = null;
  readonly #inner: Exchange;
  readonly #trace: Trace;
  #state: 'unread' | 'reading' | 'over' = 'unread';

  constructor(inner: Exchange, trace: Trace) {
    this.#inner = inner;
    this.#trace = trace;
  }

  readNow(): Uint8Array<ArrayBuffer> | null {
    return this.#state === 'unread' ? null : this.#inner.readNow();
  }

  *next(): Flow<Uint8Array<ArrayBuffer> | null> {
    if (this.#state === 'unread') {
      this.#state = 'reading';
      yield* this.#trace.nextStep('receive_response_body');
    }
    let piece: Uint8Array<ArrayBuffer> | null;
    try {
      piece = this.#inner.readNow() ?? (yield* this.#inner.next());
    } catch (error) {
      this.#end(error);
      throw error;
    }
    if (piece === null && this.#state === 'reading') {
      this.#state = 'over';
      yield this.#trace.end();
      this.#trace.closed();
    }
    return piece;
  }

  #end(error: unknown): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#trace.fail(error);
    this.#trace.closed();
  }

  lend(): void {
    this.#inner.lend();
  }

  close(): void {
    this.#inner.close();
    this.#end(new StreamClosed());
  }
}
