/**
 * Authentication (httpx: `Auth`). A flow is a generator of requests: it is handed the request, yields it (or others) to be
 * sent, gets each response, and ends when the response is the answer. A flow itself never waits for the network, so that
 * one serves both clients; who must wait for something else overrides `syncAuthFlow`, `asyncAuthFlow`, or both.
 *
 * Who drives flows, and what becomes of responses in between, is the send flow's business.
 */
import { basicCredentials } from './basic-credentials.js';
import { typeNameOf } from './config.js';
import type { ForEitherClient, TakenByClient } from './either-client.js';
import { textOfOctets } from './fields.js';
import { isThenable } from './flow.js';
import type { MaybePromise } from './hosts/socket.js';
import type { Request } from './request.js';
import type { Response } from './response.js';
import type { URL } from './url.js';

/** Yields what is to be sent, is given each response; the last one is the answer. A promise of a request is waited for. */
export type AuthFlow = Generator<MaybePromise<Request>, void, Response>;

/** What drives a request's authentication, whichever kind of flow it is. */
export type AuthSteps = AuthFlow | AsyncGenerator<Request, void, Response>;

/** How requests prove who sends them. Extend it, and write `authFlow`. */
export abstract class Auth {
  /** The request's body is read into memory before the flow begins: `request.content` can be used. */
  readonly requiresRequestBody: boolean = false;
  /** Each response's body is read before the flow gets it: `response.content` can be used. */
  readonly requiresResponseBody: boolean = false;

  /** The flow of one request, for both clients. */
  *authFlow(request: Request): AuthFlow {
    yield request;
  }

  /** The flow as `Client` drives it. Override it where the blocking flow is another; bodies are then its own to read. */
  *syncAuthFlow(request: Request): AuthFlow {
    if (this.requiresRequestBody) request.read();
    const flow = this.authFlow(request);
    try {
      for (let step = flow.next(); step.done !== true; ) {
        const response = yield step.value;
        if (this.requiresResponseBody) response.read();
        step = flow.next(response);
      }
    } finally {
      flow.return();
    }
  }

  /** The flow as `AsyncClient` drives it. Override it where a flow waits; bodies are then its own to read. */
  async *asyncAuthFlow(request: Request): AsyncGenerator<Request, void, Response> {
    if (this.requiresRequestBody) await request.aread();
    const flow = this.authFlow(request);
    try {
      for (let step = flow.next(); step.done !== true; ) {
        const response = yield step.value;
        if (this.requiresResponseBody) await response.aread();
        step = flow.next(response);
      }
    } finally {
      flow.return();
    }
  }
}

/** What the send flow must know of auth that sends requests for its own sake. */
export interface Asking {
  /** Whether a request that its flow yields is such a one: it is answered whole, and not redirected. */
  isOwn(request: Request): boolean;
  /** The call that began with `request` has failed, or was given up by who made it. */
  failed(request: Request, error: unknown, isGivenUp: boolean): void;
}

/** Beside the objects, so that no class of a user can have members of these names by chance. */
const asking = new WeakMap<Auth, Asking>();

/** Makes known that `auth` sends requests for its own sake. */
export function makeAsking(auth: Auth, how: Asking): void {
  asking.set(auth, how);
}

/** How `auth` asks for its own sake, or `null`. */
export function askingOf(auth: Auth): Asking | null {
  return asking.get(auth) ?? null;
}

/** The octets of text in UTF-8, one per code unit. */
export function utf8Octets(text: string): string {
  return textOfOctets(new TextEncoder().encode(text));
}

/** User and password, sent with every request (RFC 7617), in UTF-8. */
export class BasicAuth extends Auth {
  readonly #value: string;

  /** @throws TypeError unless both are strings. */
  constructor(username: string, password: string) {
    super();
    if (typeof username !== 'string' || typeof password !== 'string') {
      const got = `${typeNameOf(username)} and ${typeNameOf(password)}`;
      throw new TypeError(`Cannot make BasicAuth: expected user and password to be strings, got ${got}`);
    }
    this.#value = basicCredentials(username, password);
  }

  override *authFlow(request: Request): AuthFlow {
    request.headers.set('Authorization', this.#value);
    yield request;
  }
}

/** A token, sent with every request (RFC 6750). */
export class BearerAuth extends Auth {
  readonly #token: string | (() => MaybePromise<string>);

  /** `token`: the token, or a function that is asked for it before each request; `Client` takes no promise from it. */
  constructor(token: string | (() => MaybePromise<string>)) {
    super();
    if (typeof token !== 'string' && typeof token !== 'function') {
      throw new TypeError(`Cannot make BearerAuth: expected a string or a function, got ${typeNameOf(token)}`);
    }
    this.#token = token;
  }

  override *authFlow(request: Request): AuthFlow {
    const token = typeof this.#token === 'function' ? this.#token() : this.#token;
    yield isThenable(token) ? token.then((later) => withToken(request, later)) : withToken(request, token as string);
  }
}

function withToken(request: Request, token: unknown): Request {
  if (typeof token !== 'string') {
    throw new TypeError(`Cannot authenticate: expected the token to be a string, got ${typeNameOf(token)}`);
  }
  request.headers.set('Authorization', `Bearer ${token}`);
  return request;
}

/** A function from the request to what is sent in its place: most often the same, changed. */
export class FunctionAuth extends Auth {
  readonly #change: (request: Request) => MaybePromise<Request>;

  /** `change`: called once for each call of the client; `Client` takes no promise from it. */
  constructor(change: (request: Request) => MaybePromise<Request>) {
    super();
    if (typeof change !== 'function') {
      throw new TypeError(`Cannot make FunctionAuth: expected a function, got ${typeNameOf(change)}`);
    }
    this.#change = change;
  }

  override *authFlow(request: Request): AuthFlow {
    yield this.#change(request);
  }
}

/** Whether it answers that very request, or one that redirects within the origin made of it. */
export function isAnswerTo(request: Request, response: Response): boolean {
  const answered: Request = response.request;
  if (answered === request) return true;
  return serverOf(answered.url) === serverOf(request.url) && (!answered.leftOrigin || request.leftOrigin);
}

/** The origin, as a key; of URLs that only a custom transport knows, scheme and authority. */
export function serverOf(url: URL): string {
  const { scheme } = url;
  return scheme === 'http' || scheme === 'https' ? url.origin.key : `${scheme}://${url.netloc}`;
}

/** Whatever may be given where authentication is asked for. `null`: none, but what the URL says. */
export type AuthTypes =
  | Auth
  | readonly [username: string, password: string]
  | ((request: Request) => Request)
  | (((request: Request) => MaybePromise<Request>) & ForEitherClient)
  | null;
/** Whatever `Client` takes there: a function answers at once, unless its type is `AuthTypes`. */
export type SyncAuthTypes =
  | Auth
  | readonly [username: string, password: string]
  | ((request: Request) => Request)
  | (((request: Request) => MaybePromise<Request>) & TakenByClient)
  | null;

/** @throws TypeError for what is none, without showing it. */
export function authOf(given: AuthTypes | undefined, action: string): Auth | null {
  if (given === undefined || given === null) return null;
  if (given instanceof Auth) return withoutPythonNames(given, action);
  if (typeof given === 'function') return new FunctionAuth(given);
  if (Array.isArray(given) && given.length === 2 && given.every((part) => typeof part === 'string')) {
    return new BasicAuth(given[0] as string, given[1] as string);
  }
  throw new TypeError(
    `Cannot ${action}: expected auth to be [user, password], an Auth (new BearerAuth(token), say) or a function, got ` +
      wrong(given),
  );
}

/** What a class that was ported may still have. */
const PYTHON_NAMES = [
  'auth_flow',
  'sync_auth_flow',
  'async_auth_flow',
  'requires_request_body',
  'requires_response_body',
] as const;

/** A flow that nobody calls would send requests without credentials. @throws TypeError */
function withoutPythonNames(auth: Auth, action: string): Auth {
  const name = PYTHON_NAMES.find((each) => each in auth);
  if (name === undefined) return auth;
  const meant = name.replace(/_(.)/g, (_match, letter: string) => letter.toUpperCase());
  throw new TypeError(`Cannot ${action}: nobody reads auth.${name}, its name here is ${meant}`);
}

function wrong(given: unknown): string {
  return Array.isArray(given) ? `a list of [${given.map(typeNameOf).join(', ')}]` : typeNameOf(given);
}

/** The credentials that a URL holds, if it has any that say something (httpx). */
export function urlAuth(url: URL): Auth | null {
  if (!url.hasUserinfo) return null;
  const { username, password } = url;
  return username === '' && password === '' ? null : new BasicAuth(username, password);
}

/** True if the flow of that kind of client was overridden: it reads bodies itself. */
export function drivesItself(auth: Auth, blocking: boolean): boolean {
  return blocking
    ? auth.syncAuthFlow !== Auth.prototype.syncAuthFlow
    : auth.asyncAuthFlow !== Auth.prototype.asyncAuthFlow;
}

/** What drives the authentication of `request`. @throws TypeError for what is no generator */
export function stepsOf(auth: Auth, request: Request, blocking: boolean): AuthSteps {
  const steps = stepsGiven(auth, request, blocking);
  if (typeof (steps as Partial<AuthSteps> | null)?.next === 'function') return steps;
  throw new TypeError(`Cannot authenticate: expected the auth flow to be a generator, got ${typeNameOf(steps)}`);
}

function stepsGiven(auth: Auth, request: Request, blocking: boolean): AuthSteps {
  if (!drivesItself(auth, blocking)) {
    if (auth.authFlow === Auth.prototype.authFlow && drivesItself(auth, !blocking)) throw onlyOther(auth, blocking);
    return auth.authFlow(request);
  }
  return blocking ? auth.syncAuthFlow(request) : auth.asyncAuthFlow(request);
}

/** The flow that every class has would send the request as it is. */
function onlyOther(auth: Auth, blocking: boolean): TypeError {
  const [client, has, lacks] = blocking
    ? ['Client', 'asyncAuthFlow', 'syncAuthFlow']
    : ['AsyncClient', 'syncAuthFlow', 'asyncAuthFlow'];
  return new TypeError(
    `Cannot authenticate: ${client} does not call ${has}, the only flow of ${typeNameOf(auth)}: write authFlow or ${lacks}`,
  );
}
