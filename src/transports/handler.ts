/**
 * A transport that is an application: a function from a WHATWG `Request` to a `Response`, as Hono, `Deno.serve` or a Worker
 * have it, called in this process (httpx: `ASGITransport`). Bodies stream both ways, pulled by who reads them; nothing is
 * read ahead. No socket is opened, and no timeout applies but `total`.
 *
 * A WHATWG body can only be read on an event loop, so this is for `AsyncClient` alone.
 */
import { checkFields, own, typeNameOf } from '../config.js';
import type { MaybePromise } from '../hosts/socket.js';
import { Late } from '../late.js';
import type { AsyncRequest, Request } from '../request.js';
import type { Response } from '../response.js';
import type { Application } from './application.js';
import { AsyncBaseTransport } from './base.js';

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
const APPLICATION = new Late(() => import('./application.js'));

/** Answers every request of an AsyncClient by calling an application of this process. */
export class HandlerTransport extends AsyncBaseTransport {
  readonly #handle: FetchHandler;
  readonly #raises: boolean;
  #application: Application | null = null;

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
  override handleAsyncRequest(given: AsyncRequest): Promise<Response> {
    if (this.#application !== null) return this.#application.answer(given as Request);
    const answer = APPLICATION.use(({ Application }) => {
      this.#application ??= new Application(this.#handle, this.#raises);
      return this.#application.answer(given as Request);
    });
    return Promise.resolve(answer);
  }

  /** Bodies that are being read fail with CloseError, and the application is told by its request's `signal`. Idempotent. */
  override async aclose(): Promise<void> {
    this.#application?.close();
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
