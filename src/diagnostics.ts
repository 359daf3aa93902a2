/**
 * What is told to who watches a process rather than a client: each request, its response or its error, on the host's channels
 * (Node: `node:diagnostics_channel`). Silent, and of no cost, while nobody has subscribed. Messages are plain values made for
 * the occasion: no live object leaves here, and no secret.
 */
import type { Headers } from './headers.js';
import type { Diagnostics, Host } from './hosts/host.js';
import type { Timings } from './received.js';
import { type Request, shown, shownReference } from './request.js';
import type { Response } from './response.js';
import { type ToldError, toldError } from './told-error.js';

/** `httpx-wasm:request`: a request is about to be sent; those of redirects and auth flows, too. */
export interface RequestMessage {
  /** As it is sent. */
  readonly method: string;
  /** Its password masked. */
  readonly url: string;
  /** Field lines, names in lower case. Credentials, cookies and the client's `sensitiveHeaders` are masked, and passwords in URLs. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** `httpx-wasm:response`: the head of a response is there. */
export interface ResponseMessage {
  /** The very message that told of the request. */
  readonly request: RequestMessage;
  /** As of `Response`. */
  readonly statusCode: number;
  /** As of `Response`. */
  readonly reasonPhrase: string;
  /** As of `Response`: 'HTTP/1.1'. */
  readonly httpVersion: string;
  /** As of the request. */
  readonly headers: RequestMessage['headers'];
  /** Milliseconds from sending the request to the end of the head. */
  readonly headMs: number;
  /** Where the time went; of transports over sockets. */
  readonly timings: Timings | null;
  /** The line that httpx logs: `HTTP Request: GET https://example.org/ "HTTP/1.1 200 OK"`. */
  readonly line: string;
}

/** `httpx-wasm:error`: a request failed, or the body of its response. */
export interface ErrorMessage {
  /** The very message that told of the request. */
  readonly request: RequestMessage;
  /** What is told of what the caller gets. */
  readonly error: ToldError;
}

/** `httpx-wasm:connection`: a connection was opened, or is closed. */
export interface ConnectionMessage {
  /** What has become of it. */
  readonly state: 'opened' | 'closed';
  /** Whom it leads to. */
  readonly origin: string;
  /** What is spoken over it: 'HTTP/1.1'. */
  readonly httpVersion: string;
  /** What ended it; `null`: its time was up, the peer closed it while it was idle, or it was not wanted any more. */
  readonly error: ToldError | null;
}

const SECRET: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie']);
const MASK = '[secure]';
/** Their values are URLs. */
const REFERENCES: ReadonlySet<string> = new Set(['location', 'content-location', 'referer']);

/** One request that somebody watches. */
export class Watched {
  readonly #diagnostics: Diagnostics;
  readonly #sensitive: ReadonlySet<string>;
  readonly #host: Host;
  readonly #startedAt: number;
  readonly #message: RequestMessage;
  #hasFailed = false;

  constructor(host: Host, request: Request, sensitive: ReadonlySet<string>) {
    this.#host = host;
    this.#diagnostics = host.diagnostics;
    this.#sensitive = sensitive;
    const { method, url, headers } = request;
    this.#message = Object.freeze({ method, url: shown(url), headers: this.#masked(headers) });
    this.#startedAt = host.now();
    const { request: channel } = this.#diagnostics;
    if (channel.hasSubscribers) channel.publish(this.#message);
  }

  #masked(headers: Headers): RequestMessage['headers'] {
    const told = (name: string, value: string): string => {
      if (SECRET.has(name) || this.#sensitive.has(name)) return MASK;
      return REFERENCES.has(name) ? shownReference(value) : value;
    };
    return headers.multiItems().map(([name, value]) => [name, told(name, value)] as const);
  }

  answered(response: Response): void {
    response.watched = this;
    const { response: channel } = this.#diagnostics;
    if (!channel.hasSubscribers) return;
    const { statusCode, reasonPhrase, httpVersion, headers, extensions } = response;
    const { method, url } = this.#message;
    const message: ResponseMessage = {
      request: this.#message,
      statusCode,
      reasonPhrase,
      httpVersion,
      headers: this.#masked(headers),
      headMs: this.#host.now() - this.#startedAt,
      timings: extensions.timings ?? null,
      line: `HTTP Request: ${method} ${url} "${httpVersion} ${statusCode} ${reasonPhrase}"`,
    };
    channel.publish(Object.freeze(message));
  }

  /** Told once, however often the error passes by. */
  failed(error: unknown): void {
    const { error: channel } = this.#diagnostics;
    if (this.#hasFailed || !channel.hasSubscribers) return;
    this.#hasFailed = true;
    const message: ErrorMessage = { request: this.#message, error: toldError(error) };
    channel.publish(Object.freeze(message));
  }
}

/** Tells that `request` is about to be sent, if anybody listens; `null` if nobody does. */
export function watched(host: Host, request: Request, sensitive: ReadonlySet<string>): Watched | null {
  const { request: asked, response, error } = host.diagnostics;
  if (!asked.hasSubscribers && !response.hasSubscribers && !error.hasSubscribers) return null;
  return new Watched(host, request, sensitive);
}
