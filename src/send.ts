/**
 * THE send flow, written once for every client: auth → hooks → transport → hooks → redirects, each request of it in turn,
 * and the request attached to every error. Cookies are kept before the hooks see a response.
 *
 * A response in between (a redirect, a step of an auth flow) is read a little, so that its connection can be used again,
 * and else given up: never decoded, never for long (SECURITY §2.6).
 */

import { type Auth, type AuthSteps, askingOf, drivesItself, stepsOf } from './auth.js';
import { BodySource } from './body.js';
import { DEFAULT_TIMEOUT, own, Timeout, typeNameOf } from './config.js';
import type { Cookies } from './cookies.js';
import { type Watched, watched } from './diagnostics.js';
import {
  CloseError,
  HTTPError,
  ReadError,
  ReadTimeout,
  RemoteProtocolError,
  type Sent,
  TooManyRedirects,
  UnsupportedProtocol,
} from './exceptions.js';
import { answeredBy, type Flow, isThenable, wait } from './flow.js';
import type { Guard } from './guard.js';
import type { Host, HostTimer } from './hosts/host.js';
import type { MaybePromise } from './hosts/socket.js';
import type { ClientKind } from './options.js';
import { joined } from './pieces.js';
import { redirected } from './redirect.js';
import { Request, shown } from './request.js';
import { type DefaultEncoding, Response } from './response.js';
import { type AnyTransport, abandonCall, beginCall, endCall, hasFlow } from './transports/base.js';
import { describeTotal } from './transports/total-time.js';

/** Waits of calls for what is no connection's: hooks, auth flows, transports of others. The end of the client ends them. */
export class Waits {
  readonly #ends = new Set<() => void>();

  /** `sent`: how much of the request may have been, when the wait begins. */
  untilClosed<T>(waited: PromiseLike<T>, sent: Sent): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = () => reject(new CloseError('Cannot complete the request: the client was closed', { sent }));
      this.#ends.add(end);
      waited.then(
        (value) => {
          this.#ends.delete(end);
          resolve(value);
        },
        (error) => {
          this.#ends.delete(end);
          reject(error);
        },
      );
    });
  }

  /** Every wait fails with CloseError. */
  end(): void {
    for (const end of this.#ends) end();
    this.#ends.clear();
  }
}

/** What the client lends to the flow. */
export interface Io {
  transportFor(request: Request): AnyTransport;
  /** Asks a transport that is no flow, in the client's way. */
  ask(transport: AnyTransport, request: Request): MaybePromise<Response>;
  now(): number;
  /** What calls wait for beside connections. */
  readonly waits: Waits;
  /** Kept from response to request. */
  readonly cookies: Cookies;
  readonly host: Host;
  /** Nothing may be waited for but the network. */
  readonly blocking: boolean;
  /** Tells the developer. */
  readonly warn: (message: string) => void;
}

/** How one request is sent. */
export interface SendSettings {
  readonly requestHooks: readonly ClientKind['requestHook'][];
  readonly responseHooks: readonly ClientKind['responseHook'][];
  readonly followRedirects: boolean;
  /** How many are followed in a row. */
  readonly maxRedirects: number;
  /** Lower-case names of fields that only the first origin may see, beside those of credentials. */
  readonly sensitiveHeaders: ReadonlySet<string>;
  /** The body stays unread. */
  readonly stream: boolean;
  readonly defaultEncoding: DefaultEncoding;
  /** Watches over the call; goes on watching over an unread body. */
  readonly guard: Guard | null;
}

/** Octets of a body in between that are read for the sake of its connection. */
const DRAINED_OCTETS_MAX = 65536;
const NO_HISTORY: readonly Response[] = Object.freeze([]);

/** Sends a request, and those that redirects ask for. `earlier`: it is one step of several, and its body stays unread. */
export function* send(
  io: Io,
  request: Request,
  settings: SendSettings,
  earlier: readonly Response[] | null = null,
): Flow<Response> {
  const { requestHooks, responseHooks } = settings;
  let current = request;
  let history = earlier ?? NO_HISTORY;
  let response: Response | null = null;
  let watch: Watched | null = null;
  let asked = false;
  try {
    for (let redirects = 0; ; redirects++) {
      watch = null;
      if (current.lateCookies !== null) yield* lateCookies(current);
      if (requestHooks.length > 0) {
        yield* hooked(io, requestHooks, current, 'none', 'a request hook');
        // A hook may have aborted the call: nothing is sent then.
        if (settings.guard !== null) yield;
      }
      watch = watched(io.host, current, settings.sensitiveHeaders);
      const transport = io.transportFor(current);
      const startedAt = io.now();
      asked = true;
      if (hasFlow(transport)) response = yield* transport.flow(current);
      else response = yield* answered(io, current, transport);
      response.request = current;
      response.defaultEncoding = settings.defaultEncoding;
      response.sentAt(startedAt, io);
      if (response.setsCookies) yield* kept(io, current, response);
      watch?.answered(response);
      if (responseHooks.length > 0) yield* hooked(io, responseHooks, response, 'full', 'a response hook');
      response.history = history;
      if (!asksForMore(response)) break;
      if (!settings.followRedirects) {
        response.nextRequest = nextOf(io, current, response, settings);
        break;
      }
      const next = redirected(current, response, settings.sensitiveHeaders);
      next.addCookies(io.cookies);
      if (redirects === settings.maxRedirects) throw tooMany(request, next, redirects);
      yield* drained(io, response, settings.guard);
      history = [...history, response];
      if (next.stream !== current.stream)
        current.stream.abandon(new Error('The redirect is followed without the body'));
      current = next;
    }
    if (earlier !== null) return response;
    if (settings.stream) handOut(io, response, settings);
    else if (!response.readNow()) yield* response.readFlow();
    return response;
  } catch (error) {
    response?.closeNow();
    current.stream.abandon(error);
    if (response === null && history.length === 0 && settings.guard?.hasStopped === true)
      describeTotal(error, current, asked);
    if (error instanceof HTTPError) error.attachRequest(current);
    watch?.failed(error);
    throw error;
  }
}

/** Shows a request or a response to its hooks, one after the other; apart from `send`, whose every call has its locals. */
function* hooked<T>(
  io: Io,
  hooks: readonly ((subject: T) => unknown)[],
  subject: T,
  sent: Sent,
  who: string,
): Flow<void> {
  for (const hook of hooks) {
    const running = hook(subject);
    if (isThenable(running)) yield later(io, running, sent, who);
  }
}

/** The answer of `who`, which is no connection's, as soon as it is there. */
function later<T>(io: Io, answer: PromiseLike<T>, sent: Sent, who: string): Promise<T> {
  const waited = io.waits.untilClosed(answer, sent);
  if (io.blocking) answeredBy(waited, who);
  return waited;
}

/** Keeps what a response sets, before anything else is done about it (httpx), unless its call has no cookies. */
function* kept(io: Io, request: Request, response: Response): Flow<void> {
  response.host = io.host;
  if (!request.withoutCookies) yield* io.cookies.receive(request.url, response.headers, io.host, io.blocking);
}

/** Asks a jar that answers later for a request's Cookie field. */
function* lateCookies(request: Request): Flow<void> {
  const cookies = request.lateCookies;
  request.lateCookies = null;
  if (cookies !== null) yield* cookies.addTo(request.headers, request.url);
}

/** Sends what an auth flow asks for, step by step. */
export function* sendAuthenticated(io: Io, request: Request, auth: Auth, settings: SendSettings): Flow<Response> {
  const reads = drivesItself(auth, io.blocking) ? null : auth;
  const asking = askingOf(auth);
  let steps: AuthSteps | null = null;
  let waiting = false;
  let history = NO_HISTORY;
  let response: Response | null = null;
  let bodySent = false;
  try {
    if (reads?.requiresRequestBody === true) yield* request.readFlow(io.blocking);
    steps = stepsOf(auth, request, io.blocking);
    for (;;) {
      waiting = true;
      const asked = response === null ? steps.next() : steps.next(response);
      const sent = response === null ? 'none' : 'full';
      const step: IteratorResult<unknown, void> = yield* wait(
        isThenable(asked) ? later(io, asked, sent, 'the auth') : asked,
      );
      waiting = false;
      if (step.done === true) {
        steps = null;
        break;
      }
      if (io.blocking && isThenable(step.value)) answeredBy(step.value, 'the auth');
      const given: unknown = yield* wait(step.value);
      const isOwn: boolean = asking?.isOwn(given as Request) === true;
      const next = checkedRequest(given, request);
      if (response !== null) {
        yield* drained(io, response, settings.guard);
        history = [...response.history, response];
      }
      bodySent ||= next.stream === request.stream;
      response = yield* send(io, next, isOwn ? { ...settings, followRedirects: false } : settings, history);
      if (isOwn || reads?.requiresResponseBody === true) yield* response.readFlow();
    }
    if (response === null) throw new TypeError('Cannot authenticate: the auth flow ended without yielding a request');
    if (!bodySent) request.stream.abandon(new Error('The auth flow sent other requests, without the body'));
    if (settings.stream) handOut(io, response, settings);
    else if (!response.readNow()) yield* response.readFlow();
    return response;
  } catch (error) {
    asking?.failed(request, error, settings.guard?.hasStopped === true);
    response?.closeNow();
    request.stream.abandon(error);
    if (response === null && settings.guard?.hasStopped === true) describeTotal(error, request, false);
    if (error instanceof HTTPError) error.attachRequest(request);
    throw error;
  } finally {
    // A flow that waits for something of its own ends when that does.
    const ended = steps?.return();
    if (isThenable(ended)) {
      if (waiting) ended.then(undefined, () => {});
      else yield ended;
    }
  }
}

/** The request of a step; one without limits of its own, in a copy within those of the call that it is part of. */
function checkedRequest(given: unknown, first: Request): Request {
  if (!(given instanceof Request)) {
    throw new TypeError(`Cannot authenticate: expected the auth flow to yield a Request, got ${typeNameOf(given)}`);
  }
  if (given === first || own(given.extensions, 'timeout') !== undefined) return given;
  const limited = given.clone();
  limited.extensions = { ...given.extensions, timeout: first.extensions.timeout };
  return limited;
}

/** The body is the caller's to read. */
function handOut(io: Io, response: Response, { guard }: SendSettings): void {
  if (guard !== null) response.watchedBy(guard);
  response.reportIfDropped(io.warn);
}

function asksForMore(response: Response): boolean {
  return response.statusCode >= 300 && response.statusCode < 400 && response.hasRedirectLocation;
}

/** What a redirect that is not followed asks for; `null` if it cannot be followed: the response itself is no worse for it. */
function nextOf(io: Io, request: Request, response: Response, settings: SendSettings): Request | null {
  try {
    const next = redirected(request, response, settings.sensitiveHeaders);
    next.addCookies(io.cookies);
    return next;
  } catch (error) {
    if (error instanceof RemoteProtocolError || error instanceof UnsupportedProtocol) return null;
    throw error;
  }
}

function tooMany(first: Request, next: Request, redirects: number): TooManyRedirects {
  const message = `Cannot complete the request to ${shown(first.url)}: more than ${redirects} redirects (maxRedirects)`;
  return new TooManyRedirects(message, { request: next });
}

/**
 * Ends a response in between: its body is read if it is short, comes in time and does not break, else given up with its
 * connection. @throws what ends the whole call: an abort, the total time, the end of the client
 */
function* drained(io: Io, response: Response, guard: Guard | null): Flow<void> {
  const source = response.takeRaw(DRAINED_OCTETS_MAX);
  if (source === null) {
    response.closeNow();
    return;
  }
  const { read } = Timeout.from(own(response.request.extensions, 'timeout'), DEFAULT_TIMEOUT);
  const startedAt = io.now();
  const timer = read !== null && source instanceof BodySource ? failedAfter(io, source, read) : null;
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let octets = 0;
  try {
    for (;;) {
      const piece = source.readNow() ?? (yield* source.next());
      if (piece === null) break;
      pieces.push(piece);
      octets += piece.length;
      if (octets > DRAINED_OCTETS_MAX || (read !== null && io.now() - startedAt >= read)) {
        response.closeNow();
        return;
      }
    }
  } catch (error) {
    const failure = response.failed(error);
    if (isGivenUp(failure) && guard?.hasStopped !== true) return;
    throw failure;
  } finally {
    timer?.cancel();
  }
  response.drained(joined(pieces, octets));
}

/** Ends the wait for a body that keeps no time by itself: one that is no connection's. Where waiting blocks, nothing can. */
function failedAfter({ host, blocking }: Io, source: BodySource, ms: number): HostTimer | null {
  if (blocking) return null;
  const timer = host.after(ms, () =>
    source.fail(new ReadTimeout(`Cannot read the body: it took longer than ${ms} ms (timeout.read)`)),
  );
  timer.keepAlive(true);
  return timer;
}

/** What the peer or the network did to a body that nobody asked for. */
function isGivenUp(error: unknown): boolean {
  return error instanceof ReadTimeout || error instanceof ReadError || error instanceof RemoteProtocolError;
}

/** Asks a transport that is no flow. If the call ends first, so does the transport's, and a late answer is closed. */
function* answered(io: Io, request: Request, transport: AnyTransport): Flow<Response> {
  let answer: MaybePromise<Response> | null = null;
  beginCall(request);
  try {
    answer = io.ask(transport, request);
    const response = checked(isThenable(answer) ? yield later(io, answer, 'full', 'the transport') : answer);
    endCall(request);
    return response;
  } catch (error) {
    abandonCall(request, error, isThenable(answer) ? answer : null);
    if (isThenable(answer)) {
      answer.then(
        (late) => {
          if (late instanceof Response) late.closeNow();
        },
        () => {},
      );
    }
    throw error;
  }
}

function checked(answer: unknown): Response {
  if (answer instanceof Response) return answer;
  const isOfFetch = typeof (answer as Partial<globalThis.Response> | null | undefined)?.arrayBuffer === 'function';
  const got = isOfFetch
    ? "fetch's global Response: make a Response of httpx-wasm, or give the function to HandlerTransport"
    : typeNameOf(answer);
  throw new TypeError(`Cannot use the answer of the transport: expected a Response of httpx-wasm, got ${got}`);
}
