/**
 * Plays the scenario files of vectors/httpx (its README says what they mean): one client, a scripted transport, steps. What
 * comes out has the vectors' own shape, so that a runner compares the two as they are.
 */
import { Deadlines } from '../../src/deadlines.js';
import type { Environment } from '../../src/environment.js';
import * as httpx from '../../src/index.js';
import { FakeHost } from '../support/fake-host.js';
import { FakeConnector } from '../support/fake-socket.js';
import { AuthGiver, hookOf } from './httpx-scripts.js';
import { type Answer, type Script, ScriptedTransport, type Witness } from './httpx-transport.js';

export interface Scenario {
  readonly id: string;
  readonly quirk?: string;
  readonly input: {
    readonly server: readonly Answer[];
    readonly steps: readonly Step[];
    readonly client?: Readonly<Record<string, unknown>>;
    readonly transport?: 'mock';
    readonly capture_events?: boolean;
    readonly [name: string]: unknown;
  };
  readonly expected: Outcome;
}

export interface Step {
  readonly do?: string;
  readonly method?: string;
  readonly url?: string;
  readonly [name: string]: unknown;
}

type Pair = readonly [string, string];

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly Pair[];
  readonly body_b64: string;
  /** In seconds, where it is asked for. */
  readonly timeout?: Readonly<Record<string, number | null>>;
  /** The name of the mount, where it is one. */
  readonly transport?: string;
}

export interface SeenError {
  readonly $error: {
    readonly type: string;
    readonly module: string;
    readonly message?: string;
    readonly request_url?: string | null;
  };
}

export interface SeenResponse {
  readonly status: number;
  readonly url: string;
  readonly history: readonly {
    readonly status: number;
    readonly url: string;
    readonly history_length: number;
    readonly is_closed: boolean;
  }[];
  readonly is_closed: boolean;
  readonly body_b64: string | SeenError;
  readonly cookies?: readonly Pair[];
  readonly next_request: { readonly method: string; readonly url: string; readonly headers: readonly Pair[] } | null;
  readonly elapsed_available?: boolean | SeenError;
  readonly encoding?: string;
  readonly text?: string;
}

/** What a step gives. */
export type Result =
  | SeenResponse
  | SeenError
  | string
  | boolean
  | null
  | readonly (string | SeenError)[]
  | { readonly inside: readonly (boolean | string)[]; readonly after: SeenResponse };

export interface Outcome {
  readonly requests?: readonly SeenRequest[];
  readonly results?: readonly Result[];
  readonly events?: readonly string[];
  readonly client?: SeenError;
  readonly [name: string]: unknown;
}

/** What a kind of client is to the runner. */
export interface ClientKind {
  readonly name: string;
  open(options: Record<string, unknown>, environment: Environment): AnyClient;
  read(response: httpx.Response): Promise<Uint8Array> | Uint8Array;
  close(closed: AnyClient | httpx.Response): Promise<void> | void;
}

/** What the runner asks of a client, whose answers it awaits. */
export interface AnyClient {
  auth: unknown;
  cookies: httpx.Cookies;
  readonly headers: httpx.Headers;
  readonly isClosed: boolean;
  request(method: string, url: string, options?: object): unknown;
  stream(method: string, url: string, options?: object): unknown;
  send(request: httpx.Request, options?: object): unknown;
}

export const onLoop: ClientKind = {
  name: 'AsyncClient',
  open: (options, environment) => new httpx.AsyncClient(options, environment) as unknown as AnyClient,
  read: (response) => response.aread(),
  close: (closed) => (closed as unknown as httpx.AsyncClient).aclose(),
};

export const onThread: ClientKind = {
  name: 'Client',
  open: (options, environment) => new httpx.Client(options, environment) as unknown as AnyClient,
  read: (response) => response.read(),
  close: (closed) => (closed as unknown as httpx.Client).close(),
};

const CAMEL: Readonly<Record<string, string>> = {
  follow_redirects: 'followRedirects',
  max_redirects: 'maxRedirects',
  base_url: 'baseUrl',
  default_encoding: 'defaultEncoding',
};
/** What httpx's client says of itself; ours says its own. */
const AS_HTTPX: Readonly<Record<string, string>> = {
  'accept-encoding': 'gzip, deflate, br, zstd',
  'user-agent': 'python-httpx/0.28.1',
};

const latin1 = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');
const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64');

/** The fields as they are spelled, those that name the client in httpx's words. */
export function shownHeaders(headers: httpx.Headers, own: ReadonlyMap<string, string>): Pair[] {
  return headers.raw.map(([rawName, rawValue]) => {
    const [name, value] = [latin1(rawName), latin1(rawValue)];
    const lower = name.toLowerCase();
    return [name, own.get(lower) === value ? (AS_HTTPX[lower] ?? value) : value] as const;
  });
}

/** A value of the vectors as this package takes it. */
export function givenValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const tagged = value as Record<string, unknown>;
  if ('$bytes' in tagged) return Uint8Array.from(String(tagged.$bytes), (octet) => octet.charCodeAt(0));
  if ('$iter' in tagged) return piecesOf(tagged.$iter)[Symbol.iterator]();
  if ('$sync_iter' in tagged) return piecesOf(tagged.$sync_iter)[Symbol.iterator]();
  if ('$file' in tagged) return piecesOf([(tagged.$file as { b64: string }).b64])[0];
  if ('$timeout' in tagged) return (tagged.$timeout as { args: unknown[] }).args[0];
  if ('$callable_returning' in tagged) return () => tagged.$callable_returning;
  if ('$iterable' in tagged) {
    const pieces = piecesOf(tagged.$iterable);
    return { [Symbol.iterator]: () => pieces[Symbol.iterator]() };
  }
  return value;
}

/** Files by field, each a tuple. */
function filesOf(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(given).map(
    ([field, file]) => [field, (file as { $tuple: unknown[] }).$tuple] as const,
  );
  return Object.fromEntries(entries.map(([field, tuple]) => [field, tuple.map(givenValue)]));
}

function piecesOf(encoded: unknown): Uint8Array[] {
  return (encoded as string[]).map((piece) => new Uint8Array(Buffer.from(piece, 'base64')));
}

/**
 * The host of a play: at its beginning it is the first of January 2026, and `advance_clock` alone moves it. Its random octets
 * are those of the vectors: boundaries of forms are made of 0, 1, 2 …
 */
class PlayHost extends FakeHost {
  secondsLater = 0;
  override random(n: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length: n }, (_, i) => i);
  }
  override wallClock(): number {
    return 1_767_225_600_000 + this.secondsLater * 1000;
  }
}

/** The jar as `comparable` leaves it. */
function jarOf(cookies: httpx.Cookies): unknown {
  return [...(cookies.jar as httpx.CookieJar)].map(({ name, value, domain, path, secure, expires, hostOnly }) => ({
    name,
    value,
    domain,
    path,
    secure,
    expires: expires === null ? null : expires / 1000,
    domain_specified: domain !== '' && !hostOnly,
  }));
}

/** One scenario, under way. */
class Play {
  readonly events: string[] = [];
  readonly #kind: ClientKind;
  readonly #scenario: Scenario;
  readonly #requests: SeenRequest[] = [];
  readonly #own = new Map<string, string>();
  readonly #host = new PlayHost();
  readonly #auths: AuthGiver;
  readonly #script: Script;
  readonly #witness: Witness = {
    event: (line) => this.events.push(line),
    request: (request, body, mount) => this.#requests.push(this.#seen(request, body, mount)),
  };
  #client: AnyClient | null = null;
  #last: httpx.Response | null = null;

  constructor(scenario: Scenario, kind: ClientKind) {
    this.#scenario = scenario;
    this.#kind = kind;
    const { auths, cnonce, server, transport } = scenario.input;
    this.#script = { answers: server, reads: transport === 'mock', asked: 0 };
    this.#auths = new AuthGiver({
      note: (line) => this.events.push(line),
      auths: (auths as Readonly<Record<string, unknown>> | undefined) ?? {},
      cnonces: cnonce === undefined ? [] : [cnonce as string | string[]].flat(),
    });
  }

  async outcome(): Promise<Outcome> {
    const { input } = this.#scenario;
    const transport = new ScriptedTransport(this.#script, this.#witness);
    let client: AnyClient;
    try {
      const environment = { host: this.#host, connector: new FakeConnector(), deadlines: new Deadlines(this.#host) };
      client = this.#kind.open({ ...this.#options(input.client ?? {}), transport }, environment);
    } catch (error) {
      return { client: errorOf(error) };
    }
    this.#client = client;
    for (const name of Object.keys(AS_HTTPX)) this.#own.set(name, client.headers.get(name) ?? '');
    const log: string[] = [];
    this.#host.diagnostics.response.listener = (message) => {
      log.push(`httpx INFO ${(message as httpx.ResponseMessage).line}`);
    };
    const results: Result[] = [];
    for (const step of input.steps) {
      try {
        results.push(await this.#step(client, step));
      } catch (error) {
        results.push(errorOf(error));
      }
    }
    const events = [...this.events];
    await this.#kind.close(client);
    return {
      requests: this.#requests,
      results,
      ...(input.capture_events ? { events } : {}),
      ...(input.capture_log === true ? { log } : {}),
      ...(input.capture_cookies === true ? { jar: jarOf(client.cookies) } : {}),
    };
  }

  /** Options by our names. */
  #options(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const options: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(given)) {
      if (name === 'auth') options.auth = this.#auths.given(value);
      else if (name === 'event_hooks') options.eventHooks = this.#hooks(value as Record<string, unknown[]>);
      else if (name === 'timeout') options.timeout = secondsGiven(value);
      else if (name === 'mounts') options.mounts = this.#mounts(value as readonly [string, string | null][]);
      else if (name === 'files') options.files = filesOf(value as Record<string, unknown>);
      else options[CAMEL[name] ?? name] = givenValue(value);
    }
    return options;
  }

  #mounts(given: readonly (readonly [string, string | null])[]): object {
    const mounted = new Map<string, ScriptedTransport>();
    for (const [, name] of given) {
      if (name !== null) mounted.set(name, new ScriptedTransport(this.#script, this.#witness, name));
    }
    return Object.fromEntries(given.map(([pattern, name]) => [pattern, name === null ? null : mounted.get(name)]));
  }

  #hooks(given: Record<string, unknown[]>): object {
    const note = (line: string): void => void this.events.push(line);
    const shown = (headers: httpx.Headers): string =>
      shownHeaders(headers, this.#own)
        .map(([name, value]) => `${name.toLowerCase()}: ${value}`)
        .join(' | ');
    const read = (response: httpx.Response): unknown => this.#kind.read(response);
    const cookies = (): number => this.#client?.cookies.size ?? 0;
    return Object.fromEntries(
      Object.entries(given).map(([event, actions]) => [
        event,
        actions.map((action) => hookOf(event, action, { note, shown, read, cookies })),
      ]),
    );
  }

  async #step(client: AnyClient, step: Step): Promise<Result> {
    const { do: what = 'request', method = '', url = '', stream, attr, value, ...options } = step;
    switch (what) {
      case 'request': {
        const verb = stream === true ? 'stream' : 'request';
        return this.#response((await client[verb](method, url, this.#options(options))) as httpx.Response);
      }
      case 'method': {
        const verbs = client as unknown as Readonly<Record<string, (url: string, options: object) => unknown>>;
        const { name, ...rest } = options;
        return this.#response((await verbs[String(name)]?.(url, this.#options(rest))) as httpx.Response);
      }
      case 'send_raw':
        return this.#response((await client.send(new httpx.Request(method, url))) as httpx.Response);
      case 'stream_block':
        return this.#streamed(client, step);
      case 'close_response':
        return (await this.#kind.close(this.#lastResponse)) ?? null;
      case 'is_closed':
        return client.isClosed;
      // A client is not entered; where a block ends, it is closed.
      case 'enter':
        return null;
      case 'exit':
      case 'close':
        return (await this.#kind.close(client)) ?? null;
      case 'send_next_request':
        return this.#response((await client.send(this.#lastResponse.nextRequest as httpx.Request)) as httpx.Response);
      case 'read':
        return base64(await this.#kind.read(this.#lastResponse));
      case 'response_history_content':
        return this.#lastResponse.history.map(bodyOf);
      case 'set':
        if (attr !== 'auth') throw new Error(`${this.#scenario.id}: set ${String(attr)} is not known`);
        client.auth = this.#auths.given(value);
        return null;
      case 'advance_clock':
        this.#host.secondsLater += Number(step.seconds);
        return null;
      case 'cookies.set':
      case 'cookies.delete':
      case 'cookies.clear':
        editCookies(client.cookies, what, step.args as CookieArguments | undefined);
        return null;
      default:
        throw new Error(`${this.#scenario.id}: ${what} is not known`);
    }
  }

  /** A response that is unread, for the length of a block. */
  async #streamed(client: AnyClient, { method = '', url = '', read, raise }: Step): Promise<Result> {
    const response = (await client.stream(method, url)) as httpx.Response;
    const inside: (boolean | string)[] = [];
    try {
      inside.push(response.isClosed);
      if (read === true) inside.push(base64(await this.#kind.read(response)));
      if (raise === true) throw new Error('raised inside the block');
    } finally {
      await this.#kind.close(response);
    }
    return { inside, after: this.#response(response) };
  }

  get #lastResponse(): httpx.Response {
    if (this.#last === null) throw new Error(`${this.#scenario.id}: there is no response`);
    return this.#last;
  }

  #response(response: httpx.Response): SeenResponse {
    this.#last = response;
    const { nextRequest: next } = response;
    return {
      status: response.statusCode,
      url: String(response.url),
      history: response.history.map((each) => ({
        status: each.statusCode,
        url: String(each.url),
        history_length: each.history.length,
        is_closed: each.isClosed,
      })),
      is_closed: response.isClosed,
      body_b64: bodyOf(response),
      ...(this.#scenario.input.capture_response_cookies === true ? { cookies: [...response.cookies] } : {}),
      next_request:
        next === null
          ? null
          : { method: next.method, url: String(next.url), headers: shownHeaders(next.headers, this.#own) },
      ...(this.#scenario.input.capture_elapsed === true ? { elapsed_available: elapsedOf(response) } : {}),
      ...(this.#scenario.input.capture_text === true ? { encoding: response.encoding, text: response.text } : {}),
    };
  }

  #seen(request: httpx.Request, body: Uint8Array, mount: string | null): SeenRequest {
    return {
      method: request.method,
      url: String(request.url),
      headers: shownHeaders(request.headers, this.#own),
      body_b64: base64(body),
      ...(this.#scenario.input.capture_timeout === true ? { timeout: secondsOf(request) } : {}),
      ...(mount === null ? {} : { transport: mount }),
    };
  }
}

interface CookieArguments extends httpx.CookieScope {
  readonly name?: string;
  readonly value?: string;
}

function editCookies(
  cookies: httpx.Cookies,
  what: string,
  { name = '', value = '', ...scope }: CookieArguments = {},
): void {
  if (what === 'cookies.set') cookies.set(name, value, scope);
  else if (what === 'cookies.delete') cookies.delete(name, scope);
  else cookies.clear(scope);
}

function secondsOf(request: httpx.Request): Record<string, number | null> {
  const { connect, read, write, pool } = request.extensions.timeout as httpx.Timeout;
  const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);
  return { connect: seconds(connect), read: seconds(read), write: seconds(write), pool: seconds(pool) };
}

/** `Timeout(None)` and `None` are no limit. */
function secondsGiven(value: unknown): number | null {
  const seconds = givenValue(value);
  return seconds === null ? null : Number(seconds) * 1000;
}

function elapsedOf(response: httpx.Response): boolean | SeenError {
  try {
    return response.elapsedMs >= 0;
  } catch (error) {
    // A plain RuntimeError of httpx, of which its StreamErrors are a kind: here it is one of those, since a class can be caught.
    return errorOf(error instanceof httpx.StreamError ? new Error(error.message) : error);
  }
}

function bodyOf(response: httpx.Response): string | SeenError {
  try {
    return base64(response.content);
  } catch (error) {
    return errorOf(error);
  }
}

/** An error as the vectors show it; errors that are not httpx's by their being thrown. */
function errorOf(error: unknown): SeenError {
  const { name } = error as Error;
  // Python's RuntimeError.
  if (!(name in httpx) || error instanceof httpx.ClientClosed) return { $error: { type: 'Error', module: 'builtins' } };
  const request =
    error instanceof httpx.RequestError ? (error.hasRequest ? String(error.request.url) : null) : undefined;
  return { $error: { type: name, module: 'httpx', ...(request === undefined ? {} : { request_url: request }) } };
}

/** What the vector expects, without what is not compared: wording, and the classes of Python's own errors. */
export function comparable<T>(value: T): T {
  if (Array.isArray(value)) return value.map(comparable) as T;
  if (typeof value !== 'object' || value === null) return value;
  if ('$error' in value) {
    const { type, module, request_url } = (value as unknown as SeenError).$error;
    if (module !== 'httpx') return { $error: { type: 'Error', module: 'builtins' } } as T;
    return { $error: { type, module, ...(request_url === undefined ? {} : { request_url }) } } as T;
  }
  // Warnings are Python's: that cookies of one request are deprecated there.
  const kept = Object.entries(value).filter(([name]) => name !== 'warnings');
  return Object.fromEntries(
    kept.map(([name, each]) => [name, name === 'jar' ? comparableJar(each) : comparable(each)]),
  ) as T;
}

/** Python's jar marks domains by a '.', names without one by '.local', and calls what code has set HttpOnly. */
function comparableJar(jar: readonly Readonly<Record<string, unknown>>[]): unknown {
  return jar.map(({ http_only: _, ...cookie }) => ({
    ...cookie,
    domain: String(cookie.domain)
      .replace(/^\./, '')
      .replace(/\.local$/, ''),
  }));
}

/** Plays a scenario with a client of that kind. */
export function playScenario(scenario: Scenario, kind: ClientKind): Promise<Outcome> {
  return new Play(scenario, kind).outcome();
}
