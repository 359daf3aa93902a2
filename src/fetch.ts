/**
 * A client behind the signature of the global `fetch` (WHATWG Fetch §5.6): what code that takes such a function says is
 * translated into a call, and the response back. The client's settings hold: its headers, cookies, auth, timeouts, hooks,
 * transports. What has a meaning in browsers alone (`mode`, `cache`, `referrer`, `keepalive`, …) is passed over; what would
 * change what is sent, or who is believed, is honoured or refused.
 */

import type { BaseAsyncClient } from './async-client.js';
import { typeNameOf } from './config.js';
import { isFormData, type RequestContent } from './content.js';
import { InvalidURL, RequestError, StreamConsumed } from './exceptions.js';
import { TOKEN } from './fields.js';
import type { HeaderTypes } from './headers.js';
import type { Host } from './hosts/host.js';
import type { BodyCallOptions, SendOptions } from './options.js';
import { concatenated } from './pieces.js';
import type { Request } from './request.js';
import type { Response } from './response.js';
import { URL } from './url.js';
import { isBodiless, OF_CODED_BODY, webResponse } from './web-response.js';

/** The signature of the global. */
export type Fetch = typeof globalThis.fetch;

const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const REDIRECTS: ReadonlySet<unknown> = new Set(['follow', 'manual', 'error']);
const CREDENTIALS: ReadonlySet<unknown> = new Set(['omit', 'same-origin', 'include']);
/** Schemes that the platform answers by itself. */
const WITHOUT_NETWORK = /^(?:data|blob):/i;
/** Methods that Fetch refuses (§2.2.1). */
const FORBIDDEN: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK']);
/** A Request's body of at most so many octets, if it is there at once, is sent with its length and can be sent again. */
const GATHERED_OCTETS_MAX = 65536;

/** A `Request` of this or another implementation. */
type RequestLike = Pick<
  globalThis.Request,
  'url' | 'method' | 'headers' | 'body' | 'bodyUsed' | 'redirect' | 'signal' | 'credentials'
>;

/** What is known of one call. */
interface Call {
  readonly method: string;
  readonly url: string | URL;
  readonly redirect: RequestRedirect;
  readonly options: BodyCallOptions;
  readonly sending: SendOptions;
}

/** What the global does, by `client`. */
export async function fetchBy(
  client: BaseAsyncClient,
  host: Host,
  input: Parameters<Fetch>[0],
  init: RequestInit | undefined,
): Promise<globalThis.Response> {
  // No network is asked for these, and SDKs find out by them what a fetch answers with.
  const named = isRequest(input) ? input.url : String(input);
  if (WITHOUT_NETWORK.test(named)) {
    return globalThis.fetch(input instanceof globalThis.Request ? input : named, init);
  }
  const { method, url, redirect, options, sending } = await callOf(input, init, host);
  let response: Response;
  try {
    const request = client.buildRequest(method, url, options) as Request;
    request.redirectsAsFetch = true;
    response = (await client.send(request, sending)) as Response;
  } catch (error) {
    throw failed('fetch failed', error);
  }
  if (redirect === 'error' && REDIRECT_STATUSES.has(response.statusCode)) {
    response.closeNow();
    throw new TypeError('fetch failed', { cause: new Error(`unexpected redirect (status ${response.statusCode})`) });
  }
  return answered(response);
}

/** As Fetch has it: what went wrong on the way is a TypeError, with the error that says more as its cause. */
function failed(message: string, error: unknown): unknown {
  const isNetworkError =
    error instanceof RequestError || error instanceof InvalidURL || error instanceof StreamConsumed;
  return isNetworkError ? new TypeError(message, { cause: error }) : error;
}

async function answered(response: Response): Promise<globalThis.Response> {
  if (isBodiless(response)) await response.aread();
  const coded = response.headers.has('content-encoding');
  const body = () => response.webBody((error) => failed('terminated', error));
  try {
    return webResponse(response, body, coded ? OF_CODED_BODY : []);
  } catch (error) {
    response.closeNow();
    throw new TypeError('fetch failed', { cause: error });
  }
}

/** @throws TypeError for what is no request, or none that can be sent */
async function callOf(input: unknown, init: RequestInit | undefined, host: Host): Promise<Call> {
  const given = (init ?? {}) as RequestInit & { readonly dispatcher?: unknown; readonly duplex?: unknown };
  const request = isRequest(input) ? input : null;
  refuseUnknown(given);
  const method = String(given.method ?? request?.method ?? 'GET');
  if (FORBIDDEN.has(method.toUpperCase())) throw new TypeError(`Cannot fetch: the method ${method} is not for fetch`);
  const body = given.body ?? null;
  const hasBody = body !== null || (request !== null && request.body !== null);
  if (hasBody && /^(?:get|head)$/i.test(method)) throw new TypeError(`Cannot fetch: ${method} has no body`);
  const redirect = oneOf(given.redirect ?? request?.redirect ?? 'follow', REDIRECTS, 'redirect') as RequestRedirect;
  const omits = oneOf(given.credentials ?? request?.credentials, CREDENTIALS, 'credentials') === 'omit';
  const headers = headersOf(given.headers ?? request?.headers);
  const content = body === null ? { content: await contentOf(request, host) } : bodyOf(body, headers);
  return {
    method,
    url: request?.url ?? (input instanceof URL ? input : String(input)),
    redirect,
    options: {
      ...content,
      headers: headers as HeaderTypes,
      ...(omits ? { cookies: null } : {}),
    },
    sending: {
      stream: true,
      followRedirects: redirect === 'follow',
      signal: given.signal === undefined ? request?.signal : given.signal,
      ...(omits ? { auth: null } : {}),
    },
  };
}

function isRequest(input: unknown): input is RequestLike {
  if (typeof input !== 'object' || input === null || input instanceof URL || input instanceof globalThis.URL)
    return false;
  const { url, method, headers } = input as Partial<RequestLike>;
  return typeof url === 'string' && typeof method === 'string' && typeof headers === 'object';
}

/**
 * As `new Headers(init)`, but for its messages: the platform's show the value, which may be a secret.
 * @throws TypeError
 */
function headersOf(init: unknown): globalThis.Headers {
  const headers = new globalThis.Headers();
  if (init === undefined) return headers;
  if (typeof init !== 'object' || init === null) {
    throw new TypeError(`Cannot fetch: expected headers to be an object or pairs, got ${typeNameOf(init)}`);
  }
  const fields = Symbol.iterator in init ? (init as Iterable<unknown>) : Object.entries(init);
  for (const field of fields) {
    if (!Array.isArray(field) || field.length !== 2) {
      throw new TypeError('Cannot fetch: expected headers to be [name, value] pairs');
    }
    const [name, value] = field as [string, string];
    if (!TOKEN.test(name)) throw new TypeError('Cannot fetch: a header has a name that is no token (RFC 9110 §5.6.2)');
    try {
      headers.append(name, value);
    } catch {
      throw new TypeError(`Cannot fetch: the header ${JSON.stringify(name)} has a value that cannot be sent`);
    }
  }
  return headers;
}

/** @throws TypeError for what must not be ignored and cannot be honoured */
function refuseUnknown({
  integrity,
  dispatcher,
  duplex,
}: RequestInit & { dispatcher?: unknown; duplex?: unknown }): void {
  if (integrity !== undefined && integrity !== '') {
    throw new TypeError('Cannot fetch: integrity is not checked here, so it is not taken');
  }
  if (dispatcher !== undefined && dispatcher !== null) {
    throw new TypeError('Cannot fetch: a dispatcher is for undici; tell the client how it shall connect');
  }
  if (duplex !== undefined && duplex !== 'half') {
    throw new TypeError(`Cannot fetch: expected duplex to be 'half', got ${JSON.stringify(duplex)}`);
  }
}

function oneOf<T>(given: T, known: ReadonlySet<unknown>, name: string): T {
  if (given === undefined || given === null || known.has(given)) return given;
  throw new TypeError(`Cannot fetch: expected ${name} to be one of ${[...known].join(', ')}, got ${String(given)}`);
}

/** The body as an option of a call; its type, unless `headers` has one (Fetch §5.2, extract a body). */
function bodyOf(body: unknown, headers: globalThis.Headers): Pick<BodyCallOptions, 'content' | 'data'> {
  if (isFormData(body)) return { data: body };
  const named = (type: string): void => {
    if (type !== '' && !headers.has('content-type')) headers.set('content-type', type);
  };
  if (body instanceof URLSearchParams) {
    named('application/x-www-form-urlencoded;charset=UTF-8');
    return { content: body.toString() };
  }
  if (body instanceof Blob) named(body.type);
  else if (ArrayBuffer.isView(body)) return { content: octetsOf(body) };
  else if (!isStreamed(body) && !(body instanceof ArrayBuffer)) {
    named('text/plain;charset=UTF-8');
    return { content: String(body) };
  }
  return { content: body as RequestContent };
}

function octetsOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function isStreamed(body: unknown): boolean {
  return body instanceof ReadableStream || (typeof body === 'object' && body !== null && Symbol.asyncIterator in body);
}

/**
 * A Request shows its body as a stream, whatever it was made of. What is there at once is sent as octets of known length;
 * what takes longer is a stream that somebody is still writing.
 * @throws TypeError if the body was read before
 */
async function contentOf(request: RequestLike | null, host: Host): Promise<RequestContent | null> {
  if (request === null || request.body === null || request.body === undefined) return null;
  if (request.bodyUsed || request.body.locked)
    throw new TypeError('Cannot fetch: the body of the Request has been read');
  const reader = request.body.getReader();
  const turn = new Promise<null>((resolve) => host.nextTurn(() => resolve(null)));
  const pieces: Uint8Array[] = [];
  for (let octets = 0; octets <= GATHERED_OCTETS_MAX; ) {
    const reading = reader.read();
    const result = await Promise.race([reading, turn]);
    if (result === null) return rest(pieces, reading, reader);
    if (result.done) return concatenated(pieces, octets);
    pieces.push(result.value);
    octets += result.value.length;
  }
  return rest(pieces, null, reader);
}

/** What was read of a stream, what is being read, and what is still to be read. */
function rest(
  pieces: Uint8Array[],
  reading: Promise<ReadableStreamReadResult<Uint8Array>> | null,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  let pending = reading;
  return new ReadableStream(
    {
      async pull(controller) {
        const piece = pieces.shift();
        if (piece !== undefined) return controller.enqueue(piece);
        const { done, value } = await (pending ?? reader.read());
        pending = null;
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
