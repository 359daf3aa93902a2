/** What HandlerTransport does: an application of this process answers a request; its errors, and the end of both bodies. */
import { typeNameOf } from '../config.js';
import { LocalProtocolError, RemoteProtocolError } from '../exceptions.js';
import type { Request } from '../request.js';
import { Response } from '../response.js';
import { canBeAbandoned } from './base.js';
import type { FetchHandler } from './handler.js';
import { type Asking, bodyOf, Download, Downloads, hasNoBody, Upload, webRequest } from './web-messages.js';

const ASKING: Asking = { action: 'Cannot ask the application', redirect: 'manual', without: new Set() };

/** Answers requests by calling an application. */
export class Application {
  readonly #handle: FetchHandler;
  readonly #raises: boolean;
  #bodies = new Downloads();

  /** `raises`: what the application throws is thrown to the caller. */
  constructor(handle: FetchHandler, raises: boolean) {
    this.#handle = handle;
    this.#raises = raises;
  }

  /**
   * The application's answer, its body unread. The request's `signal` is aborted when the call ends early, and when the
   * response is closed before its body has ended.
   * @throws what the application throws; LocalProtocolError for a request that cannot be a WHATWG `Request`
   */
  async answer(request: Request): Promise<Response> {
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

  /** Bodies that are being read fail with CloseError, and the application is told by its request's `signal`. */
  close(): void {
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

/** The response, perhaps another realm's. @throws TypeError, RemoteProtocolError */
function checked(answer: unknown): globalThis.Response {
  const { status, headers, bodyUsed, type } = (answer ?? {}) as Partial<globalThis.Response>;
  if (typeof status !== 'number' || typeof headers?.entries !== 'function') {
    const got =
      answer instanceof Response
        ? "httpx-wasm's: make a globalThis.Response, or give the function to MockTransport"
        : typeNameOf(answer);
    throw new TypeError(`Cannot use the answer of the application: expected a Response of the platform, got ${got}`);
  }
  if (type === 'error')
    throw new RemoteProtocolError('The application answered with Response.error()', { sent: 'full' });
  if (bodyUsed === true || (answer as globalThis.Response).body?.locked === true) {
    throw new TypeError('Cannot use the answer of the application: its body has been read');
  }
  return answer as globalThis.Response;
}
