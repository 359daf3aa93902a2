/**
 * A transport that is an application: a function from a WHATWG `Request` to a `Response`, as Hono, `Deno.serve` or a Worker
 * have it, called in this process (httpx: `ASGITransport`). Bodies stream both ways, pulled by who reads them; nothing is
 * read ahead. No socket is opened, and no timeout applies but `total`.
 *
 * A WHATWG body can only be read on an event loop, so this is for `AsyncClient` alone.
 */
import { checkFields, own, typeNameOf } from '../config.js';
import { LocalProtocolError, RemoteProtocolError } from '../exceptions.js';
import type { MaybePromise } from '../hosts/socket.js';
import type { AsyncRequest, Request } from '../request.js';
import { Response } from '../response.js';
import { AsyncBaseTransport, canBeAbandoned } from './base.js';
import { type Asking, bodyOf, Download, Downloads, hasNoBody, Upload, webRequest } from './web-messages.js';

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
const ASKING: Asking = { action: 'Cannot ask the application', redirect: 'manual', without: new Set() };

/** Answers every request of an AsyncClient by calling an application of this process. */
export class HandlerTransport extends AsyncBaseTransport {
  readonly #handle: FetchHandler;
  readonly #raises: boolean;
  #bodies = new Downloads();

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
    aborter.signal.throwIfAborted();
    const upload = new Upload(request.stream);
    let answer: globalThis.Response;
    try {
      answer = checked(await this.#handle(webRequest(request, ASKING, bodyOf(request, upload), aborter.signal)));
    } catch (error) {
      upload.end();
      // A body that failed is the caller's error, whatever the application made of it.
      if (upload.failure !== null) throw upload.failure.reason;
      if (this.#raises || error instanceof LocalProtocolError) throw error;
      return new Response(500);
    }
    return this.#received(answer, request, upload, aborter);
  }

  /** Bodies that are being read fail with CloseError, and the application is told by its request's `signal`. Idempotent. */
  override async aclose(): Promise<void> {
    this.#bodies.close();
    this.#bodies = new Downloads();
  }

  #received(answer: globalThis.Response, request: Request, upload: Upload, aborter: AbortController): Response {
    const { status, statusText, headers, body } = answer;
    const bodiless = body === null || hasNoBody(request, status);
    if (bodiless) {
      upload.end();
      body?.cancel(new Error('The response has no body')).then(undefined, () => {});
    }
    return new Response(status, {
      headers: [...headers],
      ...(bodiless
        ? {}
        : { stream: new Download(body, upload, aborter, (cause) => this.#failed(cause), this.#bodies) }),
      ...(statusText === '' ? {} : { extensions: { reasonPhrase: statusText } }),
    });
  }

  /** What the caller sees of an application that failed in the middle of the body. */
  #failed(cause: unknown): unknown {
    if (this.#raises) return cause;
    return new RemoteProtocolError('The application failed in the middle of the body', { sent: 'full', cause });
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
