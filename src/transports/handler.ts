/**
 * A transport that is an application: a function from a WHATWG `Request` to a `Response`, as Hono, `Deno.serve` or a Worker
 * have it, called in this process (httpx: `ASGITransport`). Bodies stream both ways, pulled by who reads them; nothing is
 * read ahead. No socket is opened, and no timeout applies but `total`.
 *
 * A WHATWG body can only be read on an event loop, so this is for `AsyncClient` alone.
 */
import { checkFields, own, typeNameOf } from '../config.js';
import type { BodyReader, RequestBody } from '../content.js';
import { LocalProtocolError, RemoteProtocolError } from '../exceptions.js';
import { textOfOctets } from '../fields.js';
import type { MaybePromise } from '../hosts/socket.js';
import type { AsyncRequest, Request } from '../request.js';
import { Response } from '../response.js';
import { AsyncBaseTransport, canBeAbandoned } from './base.js';

/** Answers one request. */
export type FetchHandler = (request: globalThis.Request) => MaybePromise<globalThis.Response>;

/** An application: the function itself, or what has it as `fetch` (a Hono app, what a Worker exports). */
export type HandlerApp = FetchHandler | { readonly fetch: FetchHandler };

/** Settings of a HandlerTransport. */
export interface HandlerTransportOptions {
  /**
   * `true` (default): what the application throws is thrown to the caller. `false`: it is what a server makes of it, a
   * response 500 without a body; or RemoteProtocolError where the head was there already.
   */
  readonly raiseAppExceptions?: boolean | null | undefined;
}

const OPTIONS = ['raiseAppExceptions'] as const satisfies readonly (keyof HandlerTransportOptions)[];
/** Statuses whose responses have no body (Fetch §2.2.3). */
const BODILESS: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);
/** Methods whose requests have no body in the eyes of `Request`. */
const SENDS_NO_BODY: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Answers every request of an AsyncClient by calling an application of this process. */
export class HandlerTransport extends AsyncBaseTransport {
  readonly #handle: FetchHandler;
  readonly #raises: boolean;

  /** @throws TypeError for what is no application, and no setting */
  constructor(app: HandlerApp, options?: HandlerTransportOptions) {
    super();
    checkFields(options, OPTIONS, 'make a transport');
    this.#handle = handlerOf(app);
    this.#raises = own(options, 'raiseAppExceptions') ?? true;
  }

  /**
   * The application's answer, its body unread. The request's `signal` is aborted when the call ends early, and when the
   * response is closed before its body has ended.
   * @throws what the application throws; LocalProtocolError for a request that cannot be a WHATWG `Request`
   */
  override async handleAsyncRequest(given: AsyncRequest): Promise<Response> {
    const request = given as Request;
    const aborter = new AbortController();
    canBeAbandoned(request, { abort: (reason) => aborter.abort(reason) });
    const upload = new Upload(request.stream);
    let answer: globalThis.Response;
    try {
      answer = checked(await this.#handle(webRequest(request, upload, aborter.signal)));
    } catch (error) {
      upload.end();
      // A body that failed is the caller's error, whatever the application made of it.
      if (upload.failure !== null) throw upload.failure.reason;
      if (this.#raises || error instanceof LocalProtocolError) throw error;
      return new Response(500);
    }
    return this.#received(answer, request, upload, aborter);
  }

  #received(answer: globalThis.Response, request: Request, upload: Upload, aborter: AbortController): Response {
    const { status, statusText, headers, body } = answer;
    const bodiless = body === null || request.method === 'HEAD' || BODILESS.has(status);
    if (bodiless) {
      upload.end();
      body?.cancel(new Error('The response has no body')).then(undefined, () => {});
    }
    return new Response(status, {
      headers: [...headers],
      ...(bodiless ? {} : { stream: new Download(body, upload, aborter, this.#raises) }),
      ...(statusText === '' ? {} : { extensions: { reasonPhrase: statusText } }),
    });
  }
}

function handlerOf(app: unknown): FetchHandler {
  if (typeof app === 'function') return app as FetchHandler;
  const { fetch } = (app ?? {}) as { fetch?: unknown };
  if (typeof fetch === 'function') return (request) => (app as { fetch: FetchHandler }).fetch(request);
  throw new TypeError(
    `Cannot make a HandlerTransport: expected a function of a Request, or an object with it as fetch, got ${typeNameOf(app)}`,
  );
}

/** The response, perhaps another realm's. @throws TypeError, RemoteProtocolError */
function checked(answer: unknown): globalThis.Response {
  const { status, headers, bodyUsed, type } = (answer ?? {}) as Partial<globalThis.Response>;
  if (typeof status !== 'number' || typeof headers?.entries !== 'function') {
    throw new TypeError(`Cannot use the answer of the application: expected a Response, got ${typeNameOf(answer)}`);
  }
  if (type === 'error')
    throw new RemoteProtocolError('The application answered with Response.error()', { sent: 'full' });
  if (bodyUsed === true || (answer as globalThis.Response).body?.locked === true) {
    throw new TypeError('Cannot use the answer of the application: its body has been read');
  }
  return answer as globalThis.Response;
}

/** The request as the application sees it: as a server would, without credentials and fragment in its URL. */
function webRequest(request: Request, upload: Upload, signal: AbortSignal): globalThis.Request {
  const { method, stream } = request;
  const empty = stream.octets !== null && stream.octets.length === 0;
  if (!empty && SENDS_NO_BODY.has(method)) {
    throw new LocalProtocolError(`Cannot ask the application: a ${method} that is a Request has no body (Fetch §5.4)`);
  }
  const headers = request.headers.octetItems();
  const body = empty ? null : (stream.octets ?? upload.readable());
  try {
    // `duplex` is Fetch's, and not in every version of the types.
    const init: RequestInit & { duplex: 'half' } = {
      method,
      headers,
      body,
      signal,
      redirect: 'manual',
      duplex: 'half',
    };
    return new globalThis.Request(urlOf(request), init);
  } catch (cause) {
    throw new LocalProtocolError(`Cannot ask the application: ${(cause as Error).message}`, { cause });
  }
}

function urlOf({ url, extensions }: Request): string {
  const plain = url.copyWith({ userinfo: null, fragment: null });
  const { target } = extensions;
  if (target === undefined || target === null) return plain.toWeb().href;
  const text = typeof target === 'string' ? target : textOfOctets(target);
  if (text.startsWith('/')) return `${url.origin}${text}`;
  throw new LocalProtocolError(`Cannot ask the application: a Request has no target ${JSON.stringify(text)}`);
}

/** The request's body on its way to the application. */
class Upload {
  /** What reading the body threw. */
  failure: { readonly reason: unknown } | null = null;
  readonly #body: RequestBody;
  #reader: BodyReader | null = null;

  constructor(body: RequestBody) {
    this.#body = body;
  }

  /** High-water mark 0: the body is read when the application asks. */
  readable(): ReadableStream<Uint8Array> {
    const source: UnderlyingDefaultSource<Uint8Array> = {
      pull: async (controller) => {
        const piece = await this.#next();
        if (piece === null) controller.close();
        else controller.enqueue(piece);
      },
      cancel: () => this.end(),
    };
    return new ReadableStream(source, { highWaterMark: 0 });
  }

  async #next(): Promise<Uint8Array | null> {
    try {
      this.#reader ??= this.#body.open();
      return await this.#reader.next();
    } catch (reason) {
      this.failure = { reason };
      throw reason;
    }
  }

  /** Nobody reads on: its source is told. */
  end(): void {
    const reason = new Error('The application answered without reading the request body');
    if (this.#reader === null) this.#body.abandon(reason);
    else this.#reader.cancel(reason);
  }
}

/** The response's body on its way to the caller, piece by piece. */
class Download implements AsyncIterableIterator<Uint8Array<ArrayBuffer>, undefined> {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #upload: Upload;
  readonly #aborter: AbortController;
  readonly #raises: boolean;

  constructor(body: ReadableStream<Uint8Array>, upload: Upload, aborter: AbortController, raises: boolean) {
    this.#reader = body.getReader();
    this.#upload = upload;
    this.#aborter = aborter;
    this.#raises = raises;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array<ArrayBuffer>, undefined>> {
    let result: ReadableStreamReadResult<Uint8Array>;
    try {
      result = await this.#reader.read();
    } catch (cause) {
      this.#upload.end();
      const { failure } = this.#upload;
      if (failure !== null) throw failure.reason;
      if (this.#raises) throw cause;
      throw new RemoteProtocolError('The application failed in the middle of the body', { sent: 'full', cause });
    }
    if (!result.done) return { done: false, value: result.value as Uint8Array<ArrayBuffer> };
    this.#upload.end();
    return { done: true, value: undefined };
  }

  /** The response is closed before its end. */
  async return(): Promise<IteratorResult<Uint8Array<ArrayBuffer>, undefined>> {
    const reason = new DOMException('The response was closed before its body had ended', 'AbortError');
    this.#aborter.abort(reason);
    this.#upload.end();
    await this.#reader.cancel(reason);
    return { done: true, value: undefined };
  }
}
