/**
 * The error tree (httpx's, with codes). Every class has a stable `code`; transport errors also say in which phase they
 * arose, how much of the request had left this host, and whether repeating it is safe. What a class says when nobody says
 * otherwise stands beside it in one line. Which fault becomes which class is decided where the fault is met, not here.
 */
import { attempted } from './attempted.js';
import type { AsyncRequest, Request, SyncRequest } from './request.js';
import type { AsyncResponse, Response, SyncResponse } from './response.js';

/** Stable identifier of an error's kind: safe to compare, to log and to count. */
export type ErrorCode =
  | 'ERR_HTTP'
  | 'ERR_REQUEST'
  | 'ERR_TRANSPORT'
  | 'ERR_TIMEOUT'
  | 'ERR_CONNECT_TIMEOUT'
  | 'ERR_READ_TIMEOUT'
  | 'ERR_WRITE_TIMEOUT'
  | 'ERR_POOL_TIMEOUT'
  | 'ERR_TOTAL_TIMEOUT'
  | 'ERR_NETWORK'
  | 'ERR_CONNECT'
  | 'ERR_READ'
  | 'ERR_WRITE'
  | 'ERR_CLOSE'
  | 'ERR_PROTOCOL'
  | 'ERR_LOCAL_PROTOCOL'
  | 'ERR_REMOTE_PROTOCOL'
  | 'ERR_PROXY'
  | 'ERR_UNSUPPORTED_PROTOCOL'
  | 'ERR_DECODING'
  | 'ERR_TOO_MANY_REDIRECTS'
  | 'ERR_HTTP_STATUS'
  | 'ERR_INVALID_URL'
  | 'ERR_COOKIE_CONFLICT'
  | 'ERR_CLIENT_CLOSED'
  | 'ERR_LOAD'
  | 'ERR_STREAM'
  | 'ERR_STREAM_CONSUMED'
  | 'ERR_STREAM_CLOSED'
  | 'ERR_RESPONSE_NOT_READ'
  | 'ERR_REQUEST_NOT_READ';

/** What a request was in the middle of. */
export type Phase = 'pool' | 'dns' | 'connect' | 'proxy' | 'tls' | 'write' | 'read';

/** How much of a request had left this host. */
export type Sent = 'none' | 'partial' | 'full';

/** What every error takes beside its message. */
export interface ErrorOptions {
  /** What the host, or a lower layer, reported. */
  readonly cause?: unknown;
  /** Replaces the code of the class. */
  readonly code?: ErrorCode | null | undefined;
}

/** What errors of a request take beside their message. */
export interface HTTPErrorOptions extends ErrorOptions {
  /** The request that failed. */
  readonly request?: AsyncRequest | SyncRequest | null | undefined;
}

/** What errors of a transport take beside their message. */
export interface TransportErrorOptions extends HTTPErrorOptions {
  /** What the request was in the middle of; `null`: nothing on the network. */
  readonly phase?: Phase | null | undefined;
  /** How much of the request had left this host. */
  readonly sent?: Sent | null | undefined;
  /** True only where sending the same request again is safe. */
  readonly retryable?: boolean | null | undefined;
}

/** What the response error takes beside its message. */
export interface HTTPStatusErrorOptions extends HTTPErrorOptions {
  /** The request that was answered so. */
  readonly request: AsyncRequest | SyncRequest;
  /** The response with that status. */
  readonly response: AsyncResponse | SyncResponse;
}

/** What instances of a class say unless they are told otherwise: kept on the prototype, where the constructors look. */
interface Defaults {
  readonly code: ErrorCode;
  readonly phase?: Phase | null;
  readonly sent?: Sent;
  readonly retryable?: boolean;
}

function defaults(of: { readonly prototype: Error }, name: string, values: Defaults): void {
  Object.defineProperty(of.prototype, 'name', { value: name, writable: true, configurable: true });
  for (const [key, value] of Object.entries(values)) {
    Object.defineProperty(of.prototype, key, { value, writable: true, configurable: true });
  }
}

function given<T extends object, K extends keyof T>(options: T | undefined, name: K): T[K] | undefined {
  return options !== undefined && Object.hasOwn(options, name) ? options[name] : undefined;
}

function causeOf(options: ErrorOptions | undefined): { cause: unknown } | undefined {
  const cause = given(options, 'cause');
  return cause === undefined ? undefined : { cause };
}

/** Root of the errors that concern one request. */
export class HTTPError extends Error {
  static {
    defaults(HTTPError, 'HTTPError', { code: 'ERR_HTTP' });
  }
  /** Stable identifier of the error's kind. */
  declare readonly code: ErrorCode;
  #request: Request | null;

  constructor(message: string, options?: HTTPErrorOptions) {
    super(message, causeOf(options));
    this.code = given(options, 'code') ?? this.code;
    this.#request = (given(options, 'request') as Request | null | undefined) ?? null;
  }

  /** The request that failed. @throws Error while none is attached (as httpx). */
  get request(): Request {
    if (this.#request === null) throw new Error('Cannot read error.request: the error has no request attached');
    return this.#request;
  }

  /** Whether `request` can be read. */
  get hasRequest(): boolean {
    return this.#request !== null;
  }

  /** Names the request that failed, unless one is attached already. @internal */
  attachRequest(request: Request): this {
    this.#request ??= request;
    return this;
  }
}

/** Root of what can go wrong while a request is sent and its response is read. */
export class RequestError extends HTTPError {
  static {
    defaults(RequestError, 'RequestError', { code: 'ERR_REQUEST' });
  }
}

/** Root of what goes wrong below the client: connections, sockets, protocol. */
export class TransportError extends RequestError {
  static {
    // 'full' is the cautious answer: who does not know what was sent must not repeat it.
    defaults(TransportError, 'TransportError', { code: 'ERR_TRANSPORT', phase: null, sent: 'full', retryable: false });
  }
  /** What the request was in the middle of; `null`: nothing on the network. */
  declare phase: Phase | null;
  /** How much of the request had left this host. */
  declare sent: Sent;
  /** True only where sending the same request again is safe. */
  declare retryable: boolean;

  constructor(message: string, options?: TransportErrorOptions) {
    super(message, options);
    const phase = given(options, 'phase');
    this.phase = phase === undefined ? this.phase : phase;
    this.sent = given(options, 'sent') ?? this.sent;
    this.retryable = given(options, 'retryable') ?? (this.sent === 'none' && this.retryable);
  }
}

/** Root of the timeouts. */
export class TimeoutException extends TransportError {
  static {
    defaults(TimeoutException, 'TimeoutException', { code: 'ERR_TIMEOUT' });
  }
  /** The message is to end with the request. */
  #namesRequest = false;

  /** Has the message end with the request, as soon as one is attached: for messages of this package. @internal */
  namingRequest(): this {
    this.#namesRequest = true;
    return this;
  }

  /** @internal */
  override attachRequest(request: Request): this {
    if (this.#namesRequest) {
      this.#namesRequest = false;
      const { message, stack } = this;
      this.message = `${message} [${attempted(request)}]`;
      // Engines that show the message above the stack took it when the error was made.
      if (stack !== undefined) this.stack = stack.replace(message, () => this.message);
    }
    return super.attachRequest(request);
  }
}

/** DNS, TCP, proxy and TLS together took too long. */
export class ConnectTimeout extends TimeoutException {
  static {
    const code = 'ERR_CONNECT_TIMEOUT';
    defaults(ConnectTimeout, 'ConnectTimeout', { code, phase: 'connect', sent: 'none', retryable: true });
  }
}

/** The response head, or the next octets of its body, took too long. */
export class ReadTimeout extends TimeoutException {
  static {
    defaults(ReadTimeout, 'ReadTimeout', { code: 'ERR_READ_TIMEOUT', phase: 'read' });
  }
}

/** The peer took no octets for too long. */
export class WriteTimeout extends TimeoutException {
  static {
    defaults(WriteTimeout, 'WriteTimeout', { code: 'ERR_WRITE_TIMEOUT', phase: 'write', sent: 'partial' });
  }
}

/** No connection became free in time. */
export class PoolTimeout extends TimeoutException {
  static {
    defaults(PoolTimeout, 'PoolTimeout', { code: 'ERR_POOL_TIMEOUT', phase: 'pool', sent: 'none', retryable: true });
  }
}

/** One call, from the pool to the last octet, took longer than `Timeout.total`. */
export class TotalTimeout extends TimeoutException {
  static {
    defaults(TotalTimeout, 'TotalTimeout', { code: 'ERR_TOTAL_TIMEOUT' });
  }
}

/** Root of what the network did. */
export class NetworkError extends TransportError {
  static {
    defaults(NetworkError, 'NetworkError', { code: 'ERR_NETWORK' });
  }
}

/** No connection could be made: name not found, refused, unreachable, TLS failed. */
export class ConnectError extends NetworkError {
  static {
    defaults(ConnectError, 'ConnectError', { code: 'ERR_CONNECT', phase: 'connect', sent: 'none', retryable: true });
  }
}

/** Receiving failed. */
export class ReadError extends NetworkError {
  static {
    defaults(ReadError, 'ReadError', { code: 'ERR_READ', phase: 'read' });
  }
}

/** Sending failed. */
export class WriteError extends NetworkError {
  static {
    defaults(WriteError, 'WriteError', { code: 'ERR_WRITE', phase: 'write', sent: 'partial' });
  }
}

/** The connection was closed under a request by this side. */
export class CloseError extends NetworkError {
  static {
    defaults(CloseError, 'CloseError', { code: 'ERR_CLOSE' });
  }
}

/** Root of broken protocol rules. */
export class ProtocolError extends TransportError {
  static {
    defaults(ProtocolError, 'ProtocolError', { code: 'ERR_PROTOCOL' });
  }
}

/**
 * The caller asked for what must not be sent. Nothing of it was, and `sent` is 'none', except where the body turned out
 * longer or shorter than its Content-Length: then `sent` is 'partial', and the connection was closed.
 */
export class LocalProtocolError extends ProtocolError {
  static {
    defaults(LocalProtocolError, 'LocalProtocolError', { code: 'ERR_LOCAL_PROTOCOL', sent: 'none' });
  }
}

/** The peer broke a rule of the protocol. */
export class RemoteProtocolError extends ProtocolError {
  static {
    defaults(RemoteProtocolError, 'RemoteProtocolError', { code: 'ERR_REMOTE_PROTOCOL', phase: 'read' });
  }
}

/** The proxy refused, or could not do, what it was asked to. */
export class ProxyError extends TransportError {
  static {
    defaults(ProxyError, 'ProxyError', { code: 'ERR_PROXY', phase: 'proxy', sent: 'none' });
  }
}

/** The URL's scheme is missing, or one this client does not speak. */
export class UnsupportedProtocol extends TransportError {
  static {
    defaults(UnsupportedProtocol, 'UnsupportedProtocol', { code: 'ERR_UNSUPPORTED_PROTOCOL', sent: 'none' });
  }
}

/** The body does not agree with its Content-Encoding. */
export class DecodingError extends RequestError {
  static {
    defaults(DecodingError, 'DecodingError', { code: 'ERR_DECODING' });
  }
}

/** More redirects came than `maxRedirects` allows. */
export class TooManyRedirects extends RequestError {
  static {
    defaults(TooManyRedirects, 'TooManyRedirects', { code: 'ERR_TOO_MANY_REDIRECTS' });
  }
}

/** `raiseForStatus()` met a status that is no success. */
export class HTTPStatusError extends HTTPError {
  static {
    defaults(HTTPStatusError, 'HTTPStatusError', { code: 'ERR_HTTP_STATUS' });
  }
  readonly #response: Response;

  constructor(message: string, options: HTTPStatusErrorOptions) {
    super(message, options);
    this.#response = options.response as Response;
  }

  /** The response with that status. */
  get response(): Response {
    return this.#response;
  }
}

/** What `InvalidURL` takes beside its message. */
export interface InvalidURLOptions extends ErrorOptions {
  /** Index of the offending character in what was given. */
  readonly position?: number | null | undefined;
}

/** Text that is no URL, or a URL that cannot be sent. The message never repeats credentials. */
export class InvalidURL extends Error {
  static {
    defaults(InvalidURL, 'InvalidURL', { code: 'ERR_INVALID_URL' });
  }
  /** Stable identifier of the error's kind. */
  declare readonly code: ErrorCode;
  /** Index of the offending character in what was given, where there is one. */
  readonly position: number | null;

  constructor(message: string, options?: InvalidURLOptions) {
    super(message, causeOf(options));
    this.code = given(options, 'code') ?? this.code;
    this.position = given(options, 'position') ?? null;
  }
}

/** Several cookies have the name that was asked for: name the domain or the path as well. */
export class CookieConflict extends Error {
  static {
    defaults(CookieConflict, 'CookieConflict', { code: 'ERR_COOKIE_CONFLICT' });
  }
  /** Stable identifier of the error's kind. */
  declare readonly code: ErrorCode;

  constructor(message: string, options?: ErrorOptions) {
    super(message, causeOf(options));
    this.code = given(options, 'code') ?? this.code;
  }
}

/** The client was closed before, or while, it was asked. */
export class ClientClosed extends Error {
  static {
    defaults(ClientClosed, 'ClientClosed', { code: 'ERR_CLIENT_CLOSED' });
  }
  /** Stable identifier of the error's kind. */
  declare readonly code: ErrorCode;

  constructor(message?: string, options?: ErrorOptions) {
    super(message ?? 'Cannot send a request: the client has been closed', causeOf(options));
    this.code = given(options, 'code') ?? this.code;
  }
}

/** A part of this package, or the protocol core, could not be loaded: a file is not there, or a bundle left it behind. */
export class LoadError extends Error {
  static {
    defaults(LoadError, 'LoadError', { code: 'ERR_LOAD' });
  }
  /** Stable identifier of the error's kind. */
  declare readonly code: ErrorCode;

  constructor(message: string, options?: ErrorOptions) {
    super(message, causeOf(options));
    this.code = given(options, 'code') ?? this.code;
  }
}

/** Root of the mistakes in handling a body's stream: the caller's, never the peer's. */
export class StreamError extends Error {
  static {
    defaults(StreamError, 'StreamError', { code: 'ERR_STREAM' });
  }
  /** Stable identifier of the error's kind. */
  declare readonly code: ErrorCode;

  constructor(message: string, options?: ErrorOptions) {
    super(message, causeOf(options));
    this.code = given(options, 'code') ?? this.code;
  }
}

/** The body can be read once, and was. */
export class StreamConsumed extends StreamError {
  static {
    defaults(StreamConsumed, 'StreamConsumed', { code: 'ERR_STREAM_CONSUMED' });
  }

  constructor(message?: string, options?: ErrorOptions) {
    super(
      message ??
        'Cannot read the body: its stream has been consumed already; to use a body twice, read it whole with ' +
          '`response.read()` (Client) or `await response.aread()` (AsyncClient) first.',
      options,
    );
  }
}

/** The body's stream was closed before it was read. */
export class StreamClosed extends StreamError {
  static {
    defaults(StreamClosed, 'StreamClosed', { code: 'ERR_STREAM_CLOSED' });
  }

  constructor(message?: string, options?: ErrorOptions) {
    super(message ?? 'Cannot read the body: its stream has been closed before it was read to its end.', options);
  }
}

/** `content`, `text` or the like were asked of a response whose body is still to be read. */
export class ResponseNotRead extends StreamError {
  static {
    defaults(ResponseNotRead, 'ResponseNotRead', { code: 'ERR_RESPONSE_NOT_READ' });
  }

  constructor(message?: string, options?: ErrorOptions) {
    super(
      message ??
        'Cannot give the content of a streamed response: call `response.read()` (Client) or `await response.aread()` ' +
          '(AsyncClient) first; an auth flow gets it with `requiresResponseBody = true`.',
      options,
    );
  }
}

/** `content` was asked of a request whose body is still a stream. */
export class RequestNotRead extends StreamError {
  static {
    defaults(RequestNotRead, 'RequestNotRead', { code: 'ERR_REQUEST_NOT_READ' });
  }

  constructor(message?: string, options?: ErrorOptions) {
    super(
      message ??
        'Cannot give the content of a streamed request: call `request.read()` (Client) or `await request.aread()` ' +
          '(AsyncClient) first; an auth flow gets it with `requiresRequestBody = true`.',
      options,
    );
  }
}
