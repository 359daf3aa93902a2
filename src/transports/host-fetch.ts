/**
 * What FetchTransport does: requests by the host's `fetch`, whose answers become responses. Of a request's timeouts, `read` is
 * kept for the head and for each silence in the body; fetch tells of no other step.
 */
import { DEFAULT_TIMEOUT, Timeout, type TimeoutTypes } from '../config.js';
import type { Environment } from '../environment.js';
import {
  ConnectError,
  LocalProtocolError,
  NetworkError,
  ReadError,
  ReadTimeout,
  UnsupportedProtocol,
} from '../exceptions.js';
import type { HostTimer } from '../hosts/host.js';
import type { Request } from '../request.js';
import { Response } from '../response.js';
import { canBeAbandoned } from './base.js';
import type { FetchTransportOptions } from './fetch.js';
import { type Asking, bodyOf, Download, Downloads, hasNoBody, Upload, webRequest } from './web-messages.js';

/** What a FetchTransport was told, checked. */
export interface FetchSettings {
  readonly fetch: typeof globalThis.fetch | null;
  readonly redirect: Asking['redirect'];
  readonly credentials: NonNullable<FetchTransportOptions['credentials']> | null;
  /** `null`: as the host can. */
  readonly streamUploads: boolean | null;
}

/** Fields that fetch makes itself: it refuses or drops them. */
const MADE_BY_HOST: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'transfer-encoding',
]);
/** Codes, as hosts on Node's model give them, of a connection that was never made. */
const NOT_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'ConnectionRefused',
]);

/** A clock for silence: aborts when nothing was heard for too long. */
class Silence {
  readonly #host: Environment['host'];
  readonly #limitMs: number | null;
  readonly #aborter: AbortController;
  #timer: HostTimer | null = null;
  /** The time is up. */
  over: ReadTimeout | null = null;

  constructor(host: Environment['host'], limitMs: number | null, aborter: AbortController) {
    this.#host = host;
    this.#limitMs = limitMs;
    this.#aborter = aborter;
  }

  begin(of: string): void {
    const limitMs = this.#limitMs;
    if (limitMs === null) return;
    this.#timer = this.#host.after(limitMs, () => {
      const message = `Cannot read ${of}: nothing came for ${limitMs} ms (timeout.read)`;
      this.over = new ReadTimeout(message).namingRequest();
      this.#aborter.abort(this.over);
    });
    this.#timer.keepAlive(true);
  }

  end(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}

/** Sends requests by the host's fetch. */
export class HostFetch {
  readonly #settings: FetchSettings;
  readonly #asking: Asking;
  readonly #streamUploads: boolean | null;
  readonly #host: Environment['host'];
  #bodies = new Downloads();

  constructor(settings: FetchSettings, host: Environment['host']) {
    this.#settings = settings;
    this.#host = host;
    this.#streamUploads = settings.streamUploads ?? (host.page === undefined ? null : false);
    this.#asking = { action: 'Cannot fetch', redirect: settings.redirect, without: MADE_BY_HOST };
  }

  /**
   * The host's answer, its body unread and decoded by the host.
   * @throws ConnectError, NetworkError, ReadTimeout; LocalProtocolError for a request that cannot be a WHATWG `Request`,
   *   or that the host would change without a word; UnsupportedProtocol for a redirect that the host does not show
   */
  async answer(request: Request): Promise<Response> {
    const aborter = new AbortController();
    canBeAbandoned(request, { abort: (reason) => aborter.abort(reason) });
    aborter.signal.throwIfAborted();
    const silence = new Silence(this.#host, readLimitOf(request), aborter);
    const upload = new Upload(request.stream);
    const where = `${request.url.origin}`;
    let answer: globalThis.Response;
    let streamsBody = false;
    try {
      const body = (this.#streamUploads ?? sendsStreams()) ? bodyOf(request, upload) : await wholeOf(request);
      streamsBody = body instanceof ReadableStream;
      const web = this.#webRequest(request, body, aborter.signal);
      silence.begin(`the response of ${where}`);
      const credentials = this.#settings.credentials;
      answer = await (this.#settings.fetch ?? globalThis.fetch)(web, credentials === null ? {} : { credentials });
      if (answer.type === 'opaqueredirect') throw hiddenRedirect(where);
    } catch (error) {
      upload.end();
      if (upload.failure !== null) throw upload.failure.reason;
      throw failed(error, where, silence, this.#host.page?.perhapsForbidden(streamsBody) ?? '');
    } finally {
      silence.end();
    }
    return this.#received(answer, request, upload, aborter, silence);
  }

  /** Bodies that are being read fail with CloseError. */
  close(): void {
    this.#bodies.close();
    this.#bodies = new Downloads();
  }

  #webRequest(
    request: Request,
    body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null,
    signal: AbortSignal,
  ): globalThis.Request {
    const { headers, url } = request;
    const host = headers.get('host') ?? url.origin.hostField;
    if (host.toLowerCase() !== url.origin.hostField) {
      throw new LocalProtocolError(`Cannot fetch: Host is that of the URL, and cannot be ${host}`);
    }
    const { page } = this.#host;
    if (page === undefined) return webRequest(request, this.#asking, body, signal);
    const without = page.left(headers.get('user-agent'), MADE_BY_HOST);
    const web = webRequest(request, { ...this.#asking, without }, body, signal);
    const given = [...headers.keys()].filter((name) => !without.has(name.toLowerCase()));
    page.checkFieldsKept(given, web.headers);
    return web;
  }

  #received(
    answer: globalThis.Response,
    request: Request,
    upload: Upload,
    aborter: AbortController,
    silence: Silence,
  ): Response {
    const { status, statusText, headers, body } = answer;
    const bodiless = body === null || hasNoBody(request, status);
    if (bodiless) upload.end();
    const where = `${request.url.origin}`;
    const broken = (cause: unknown) =>
      silence.over ?? new ReadError(`Cannot read the body from ${where}: ${messageOf(cause)}`, { cause, sent: 'full' });
    const heard = bodiless ? null : listened(new Download(body, upload, aborter, broken, this.#bodies), silence, where);
    return new Response(status, {
      headers: [...headers],
      ...(heard === null ? {} : { stream: heard }),
      extensions: { contentDecoded: true, ...(statusText === '' ? {} : { reasonPhrase: statusText }) },
    });
  }
}

/** The pieces of a body, none of which may be waited for too long. */
function listened(
  pieces: AsyncIterableIterator<Uint8Array<ArrayBuffer>, undefined>,
  silence: Silence,
  where: string,
): AsyncIterableIterator<Uint8Array<ArrayBuffer>, undefined> {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      silence.begin(`the body from ${where}`);
      try {
        return await pieces.next();
      } finally {
        silence.end();
      }
    },
    async return() {
      return (await pieces.return?.()) ?? { done: true, value: undefined };
    },
  };
}

function readLimitOf({ extensions }: Request): number | null {
  const { timeout } = extensions;
  return timeout === undefined ? DEFAULT_TIMEOUT.read : Timeout.from(timeout as TimeoutTypes, DEFAULT_TIMEOUT).read;
}

let streams: boolean | null = null;

/** Whether this host's fetch takes a stream as a body: who does not reads none, and takes it for text. */
function sendsStreams(): boolean {
  if (streams === null) {
    let asked = false;
    const init = {
      method: 'POST',
      body: new ReadableStream(),
      get duplex(): 'half' {
        asked = true;
        return 'half';
      },
    };
    const isText = new globalThis.Request('http://localhost/', init as RequestInit).headers.has('content-type');
    streams = asked && !isText;
  }
  return streams;
}

/** The body in memory, for hosts that cannot send a stream. */
async function wholeOf(request: Request): Promise<Uint8Array<ArrayBuffer> | null> {
  const octets = (await request.aread()) as Uint8Array<ArrayBuffer>;
  return octets.length === 0 ? null : octets;
}

function hiddenRedirect(where: string): UnsupportedProtocol {
  return new UnsupportedProtocol(
    `Cannot follow the redirect of ${where}: a browser does not show redirects; ` +
      "new FetchTransport({ redirect: 'follow' }) lets it follow them itself",
  );
}

function messageOf(error: unknown): string {
  const { message, cause } = (error ?? {}) as { message?: string; cause?: { message?: string } };
  return [message, cause?.message].filter((text) => text !== undefined && text !== '').join(': ') || String(error);
}

/** What fetch rejected with, as what it means here. */
function failed(error: unknown, where: string, silence: Silence, hint: string): unknown {
  if (silence.over !== null) return silence.over;
  if (!(error instanceof TypeError)) return error;
  const { code } = ((error as { cause?: unknown }).cause ?? error) as { code?: string };
  const message = `Cannot fetch from ${where}: ${messageOf(error)}${hint}`;
  if (code !== undefined && NOT_CONNECTED.has(code)) return new ConnectError(message, { cause: error });
  return new NetworkError(message, { cause: error });
}
