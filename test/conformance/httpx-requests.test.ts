/**
 * request_build.json and client_config.json of vectors/httpx: requests made by hand and by either client, and what clients
 * say of their settings. Seconds there are milliseconds here.
 */
import { type CookieJar, Cookies, QueryParams, Request, type RequestOptions, Timeout, URL } from '../../src/index.js';
import type { RequestOptions as CallOptions } from '../support/client.js';
import { type AnyClient, type ClientKind, clients, type Settings } from '../support/clients.js';
import {
  answerOf,
  base64,
  type Difference,
  describeFile,
  given,
  hasRefusedIdna,
  isRecord,
  latin1,
  octetsOf,
  type ValueCase,
} from './httpx-values.js';

type Input = Readonly<Record<string, unknown>>;
interface BuildCase extends ValueCase {
  readonly input: {
    readonly request: Input & { readonly method: string; readonly url: unknown };
    readonly client?: Input;
    readonly client_actions?: readonly Input[];
    readonly async?: boolean;
  };
}
interface ConfigCase extends ValueCase {
  readonly input: {
    readonly client: Input;
    readonly assign: readonly { readonly attr: string; readonly value: unknown }[];
  };
}

/** Of the vectors; every request here has another one. */
const BOUNDARY = '000102030405060708090a0b0c0d0e0f';
const VERSION = /httpx-wasm\/[\d.]+/;
const LIMITS = ['connect', 'read', 'write', 'pool'] as const;

const octetsIn = (list: unknown): Uint8Array<ArrayBuffer>[] => (list as readonly string[]).map(octetsOf);
function* atOnce(list: unknown): Generator<Uint8Array> {
  yield* octetsIn(list);
}
async function* later(list: unknown): AsyncGenerator<Uint8Array> {
  yield* octetsIn(list);
}

const ms = (seconds: unknown): number | null => (seconds === null ? null : Number(seconds) * 1000);
const fieldsInMs = (fields: unknown): Record<string, number | null> =>
  Object.fromEntries(Object.entries(fields as Input).map(([name, value]) => [name, ms(value)]));

/** A timeout as it is written here; a tuple becomes its fields. */
function timeoutOf(value: unknown): Timeout {
  if (isRecord(value) && '$timeout' in value) {
    const { args = [], kwargs = {} } = value.$timeout as { args?: readonly unknown[]; kwargs?: Input };
    return new Timeout(args.length === 0 ? undefined : ms(args[0]), fieldsInMs(kwargs));
  }
  if (isRecord(value) && '$tuple' in value) {
    const items = value.$tuple as readonly unknown[];
    return new Timeout(null, Object.fromEntries(LIMITS.map((name, at) => [name, ms(items[at] ?? null)])));
  }
  return new Timeout(ms(value));
}

interface FileTag {
  readonly b64: string;
  readonly seekable?: boolean;
}

/** A file object: of known size, or one that can only be read. */
const fileOf = ({ b64, seekable }: FileTag): unknown =>
  seekable === false ? { [Symbol.iterator]: () => atOnce([b64]) } : new Blob([octetsOf(b64)]);

/** What bodies, pairs and values are here. */
function tagsFor(isAsync: boolean): Readonly<Record<string, (value: unknown) => unknown>> {
  return {
    $b64: (value) => octetsOf(String(value)),
    $iter: isAsync ? later : atOnce,
    $sync_iter: atOnce,
    $async_iter: later,
    $iterable: (list) => ({ [Symbol.iterator]: () => atOnce(list) }),
    $bytes_list: octetsIn,
    $file: (file) => fileOf(file as FileTag),
    $cookies: (list) => cookiesOf(list as readonly Input[]),
    $query_params: (value) => new QueryParams(value as string),
    $url: (text) => new URL(String(text)),
  };
}

function setCookie(cookies: Cookies, { name, value, ...scope }: Input): void {
  cookies.set(String(name), String(value), scope);
}

function cookiesOf(list: readonly Input[]): Cookies {
  const cookies = new Cookies();
  for (const cookie of list) setCookie(cookies, cookie);
  return cookies;
}

/** `base_url` becomes `baseUrl`. */
const camelCased = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

function settingOf(name: string, value: unknown, isAsync: boolean): unknown {
  if (name === 'timeout') return value === null ? null : timeoutOf(value);
  if (name === 'extensions' && has(value, 'timeout')) {
    return { ...(value as Input), timeout: fieldsInMs((value as Input).timeout) };
  }
  if (name === 'event_hooks' && isRecord(value)) return hooksOf(value);
  if (name === 'auth' && Array.isArray(value)) return value;
  return given(value, tagsFor(isAsync));
}

/** So many hooks of each kind. */
const hooksOf = (counts: Input): unknown =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, Array(Number(count)).fill(() => {})]));

const settingsOf = (options: Input, isAsync: boolean): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) => [camelCased(name), settingOf(name, value, isAsync)]),
  );

function act(client: AnyClient, action: Input): void {
  const [name, value] = [String(action.name), action.value];
  switch (action.do) {
    case 'set':
      Object.assign(client, { [camelCased(String(action.attr))]: settingOf(String(action.attr), value, false) });
      return;
    case 'headers.set':
      client.headers.set(name, String(value));
      return;
    case 'headers.delete':
      client.headers.delete(name);
      return;
    case 'headers.update':
      client.headers.update(given(value) as Record<string, string>);
      return;
    case 'cookies.set':
      setCookie(client.cookies, action.args as Input);
      return;
    default:
      throw new Error(`Cannot read a vector: unknown action ${JSON.stringify(action)}`);
  }
}

function builtBy(
  kind: ClientKind,
  { request, client: options, client_actions = [], async }: BuildCase['input'],
): Request {
  const isAsync = async === true;
  const { method, url, ...rest } = request;
  const target = given(url, tagsFor(isAsync)) as string;
  if (options === undefined) {
    return new Request(method, target, settingsOf(rest, isAsync) as RequestOptions);
  }
  const client = kind.open(settingsOf(options, isAsync) as Settings);
  for (const action of client_actions) act(client, action);
  return client.buildRequest(method, target, settingsOf(rest, isAsync) as CallOptions) as Request;
}

async function build(each: BuildCase, kind: ClientKind): Promise<unknown> {
  const request = builtBy(kind, each.input);
  const { timeout, ...extensions } = request.extensions;
  const isLoaded = answerOf(() => request.content) instanceof Uint8Array;
  const boundary = /boundary=([0-9a-f]{32})$/.exec(request.headers.get('content-type') ?? '')?.[1] ?? BOUNDARY;
  const body = await request.clone().aread();
  const inVectors = (text: string): string => text.replaceAll(boundary, BOUNDARY);
  return {
    method: request.method,
    url: String(request.url),
    headers: request.headers.raw.map(([name, value]) => [
      latin1(name),
      inVectors(latin1(value)).replace(VERSION, 'python-httpx/0.28.1'),
    ]),
    body_b64: base64(Buffer.from(inVectors(latin1(body)), 'latin1')),
    content_loaded: isLoaded,
    ...(timeout !== undefined && { timeout: inSeconds(timeout as Timeout) }),
    extensions,
  };
}

const inSeconds = (timeout: Timeout): unknown =>
  Object.fromEntries(LIMITS.map((name) => [name, timeout[name] === null ? null : (timeout[name] as number) / 1000]));

function stateOf(client: AnyClient): unknown {
  return {
    base_url: String(client.baseUrl),
    headers: client.headers.raw.map(([name, value]) => [
      latin1(name),
      latin1(value).replace(VERSION, 'python-httpx/0.28.1'),
    ]),
    params: String(client.params),
    cookies: [...(client.cookies.jar as CookieJar)].map(({ name, value, domain, path }) => [
      name,
      value,
      domain ?? '',
      path,
    ]),
    timeout: inSeconds(client.timeout),
    follow_redirects: client.followRedirects,
    max_redirects: client.maxRedirects,
    event_hooks: { request: client.eventHooks.request.length, response: client.eventHooks.response.length },
    trust_env: client.trustEnv,
    auth: client.auth === null ? null : client.auth.constructor.name,
    is_closed: client.isClosed,
  };
}

function configure({ input }: ConfigCase, kind: ClientKind): unknown {
  const client = kind.open({ trustEnv: false, ...settingsOf(input.client, false) } as Settings);
  const results = input.assign.map(({ attr, value }) =>
    answerOf(() => {
      Object.assign(client, { [camelCased(attr)]: settingOf(attr, value, false) });
      return null;
    }),
  );
  return { assign_results: results, state: stateOf(client) };
}

/** Without what is said of Python's iteration, and of warnings. */
function comparable(expected: unknown): unknown {
  if (!isRecord(expected) || '$error' in expected) return expected;
  const { stream_sync: _, stream_async: _async, warnings: _warnings, extensions = {}, ...rest } = expected;
  return { ...rest, extensions };
}

const has = (given: unknown, name: string): boolean => isRecord(given) && name in given;
const hostIn = (headers: unknown): boolean => /"host"/i.test(JSON.stringify(headers ?? null));

const BUILDING: readonly Difference<BuildCase>[] = [
  {
    overruledBy: 'SECURITY 5.1: what cannot be sent is refused when it is built, and a URL without a host cannot',
    applies: ({ input: { request, client } }) =>
      client !== undefined &&
      !('base_url' in client) &&
      !/^[a-z][a-z0-9+.-]*:\/\/[^/?#]/i.test(String(request.url)) &&
      typeof request.url === 'string',
  },
  {
    overruledBy:
      "HTTPX § 0: on the wire Host comes first; a client's requests have their fields in the order of sending",
    applies: ({ input }) =>
      input.client !== undefined && (hostIn(input.request.headers) || hostIn(input.client.headers)),
  },
  {
    overruledBy: 'HTTPX § 24.7b: Content-Length and Transfer-Encoding can be sent together',
    applies: ({ input, expected }) => {
      const { headers = [] } = expected as { headers?: readonly (readonly [string, string])[] };
      const names = headers.map(([name]) => name.toLowerCase());
      const isGiven = /content-length/i.test(JSON.stringify(input.request.headers ?? null));
      return !isGiven && names.includes('content-length') && names.includes('transfer-encoding');
    },
  },
  {
    overruledBy: 'ECMA-262 § 25.5.2: a BigInt has no JSON form',
    applies: ({ input }) => hasBigInt(input.request.json),
  },
  {
    overruledBy: 'API, Bodies: data is a record, URLSearchParams or FormData; text and octets are content',
    applies: ({ input: { request } }) =>
      typeof request.data === 'string' ||
      ['$bytes', '$b64', '$iter', '$iterable'].some((tag) => has(request.data, tag)),
  },
  {
    overruledBy: "HTTPX § 24.8: `params={}` wipes the URL's query",
    applies: ({ input: { request, client } }) =>
      String(request.url).includes('?') &&
      isEmptyQuery(request.params) &&
      (!has(client, 'params') || client?.params === null || isEmptyQuery(client?.params)),
  },
  {
    overruledBy: 'HTTPX § 24.17: base_url with a query',
    applies: ({ input }) =>
      String(input.client?.base_url).includes('?') && !/^[a-z]+:/i.test(String(input.request.url)),
  },
  {
    overruledBy: 'HTTPX § 24.10: a non-ASCII cookie makes the request fail',
    applies: ({ input, expected }) =>
      has(expected, '$error') && /"cookies":[^}]*[\u0080-\uffff]/.test(JSON.stringify(input)),
  },
  {
    overruledBy: 'RFC 6265bis § 4.2.1: a cookie is sent with an equals sign',
    applies: ({ input, expected }) => !has(expected, '$error') && /"cookies":\{[^}]*:null/.test(JSON.stringify(input)),
  },
  {
    overruledBy: 'API, Value types: where a timeout is taken, so is a plain object: the rest keep the default',
    applies: ({ input }) => has(input.request.extensions, 'timeout'),
  },
];

const isEmptyQuery = (params: unknown): boolean =>
  params === '' || (params !== null && typeof params === 'object' && Object.keys(params).length === 0);

/** An integer that JSON numbers of JavaScript cannot be. */
const hasBigInt = (value: unknown): boolean =>
  [...JSON.stringify(value ?? null).matchAll(/"\$int":"(-?\d+)"/g)].some(
    ([, digits]) => !Number.isSafeInteger(Number(digits)),
  );

/** What a case gives for a setting, at first and later. */
const valuesOf = ({ input }: ConfigCase, name: string): unknown[] => [
  ...(name in input.client ? [input.client[name]] : []),
  ...input.assign.filter(({ attr }) => attr === name).map(({ value }) => value),
];

const SETTINGS: readonly Difference<ConfigCase>[] = [
  {
    overruledBy: 'HTTPX § 24.17: base_url with a query',
    applies: (each) => valuesOf(each, 'base_url').some((value) => String(value).includes('?')),
  },
  { overruledBy: "API, URL: IDNA is the host's UTS 46", applies: ({ expected }) => hasRefusedIdna(expected) },
  {
    overruledBy: 'API, rule 3: 0, negative and NaN throw RangeError at construction',
    applies: (each) =>
      valuesOf(each, 'timeout').some((value) =>
        /(?:^|[[,:])(?:0|-\d+)(?:\.0)?(?=[\],}]|$)/.test(JSON.stringify(value)),
      ),
  },
  {
    overruledBy: 'API, rule 1: keyword arguments become options, and an unknown one is an error as in Python',
    applies: (each) =>
      valuesOf(each, 'event_hooks').some(
        (hooks) => isRecord(hooks) && Object.keys(hooks).some((name) => !['request', 'response'].includes(name)),
      ),
  },
  {
    overruledBy: 'API, Auth: auth takes [user, password], which is a list, and two things',
    applies: (each) =>
      valuesOf(each, 'auth').some(
        (auth) =>
          Array.isArray(auth) || (isRecord(auth) && ((auth.$tuple as readonly unknown[] | undefined)?.length ?? 0) > 2),
      ),
  },
];

for (const kind of clients) {
  describeFile<BuildCase>('request_build', (each) => build(each, kind), BUILDING, comparable, undefined, kind.name);
  describeFile<ConfigCase>('client_config', (each) => configure(each, kind), SETTINGS, undefined, undefined, kind.name);
}
