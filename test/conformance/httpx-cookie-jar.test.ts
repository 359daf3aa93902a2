/** cookie_jar.json of vectors/httpx: the mapping over the jar, call by call. Python's debug form is not copied. */
import { Cookies, type CookieTypes } from '../../src/cookies.js';
import { runSync } from '../../src/flow.js';
import { Headers } from '../../src/headers.js';
import { URL } from '../../src/url.js';
import { FakeHost } from '../support/fake-host.js';
import { answerOf, describeFile, type ValueCase } from './httpx-values.js';

interface Call {
  readonly op: string;
  readonly args?: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, string>>;
}
interface JarCase extends ValueCase {
  readonly input: { readonly init?: unknown; readonly calls: readonly Call[] };
}

type Answer = (cookies: Cookies, args: never[], kwargs: Call['kwargs'], host: FakeHost) => unknown;

function found(cookies: Cookies, name: string): string {
  const value = cookies.get(name);
  if (value === null) throw new RangeError(name);
  return value;
}

const CALLS: Readonly<Record<string, Answer>> = {
  getitem: (cookies, [name = '']) => found(cookies, name),
  get: (cookies, [name = '', otherwise, domain, path]) => cookies.get(name, { domain, path }) ?? otherwise ?? null,
  set: (cookies, [name = '', value = '', domain, path], kwargs) =>
    cookies.set(name, value, { domain, path, ...kwargs }),
  contains: (cookies, [name = '']) => cookies.has(name),
  delitem: (cookies, [name = '']) => cookies.delete(name),
  delete: (cookies, [name = ''], kwargs) => cookies.delete(name, kwargs),
  clear: (cookies, _args, kwargs) => cookies.clear(kwargs),
  update: (cookies, [other]) => cookies.update(other),
  len: (cookies) => cookies.size,
  bool: (cookies) => cookies.size > 0,
  keys: (cookies) => [...cookies.keys()],
  items: (cookies) => [...cookies.items()],
  dict: (cookies) => [...cookies],
  header_for: (cookies, [url = '']) => cookies.headerFor(new URL(url)) || null,
  extract: (cookies, [url = '', fields = []], _kwargs, host) => {
    const headers = new Headers((fields as string[]).map((field) => ['Set-Cookie', field] as const));
    runSync(cookies.receive(new URL(url), headers, host), null);
  },
  repr: () => null,
};

const jarOf = (cookies: Cookies): unknown =>
  [
    ...(cookies.jar as Iterable<{
      name: string;
      value: string;
      domain: string;
      path: string;
      secure: boolean;
      expires: number | null;
    }>),
  ].map(({ name, value, domain, path, secure, expires }) => ({
    name,
    value,
    domain,
    path,
    secure,
    expires,
    domain_specified: domain !== '',
  }));

function play({ input }: JarCase): unknown {
  const host = new FakeHost();
  const cookies = new Cookies(input.init as CookieTypes, host);
  const results = input.calls.map(({ op, args = [], kwargs }) =>
    answerOf(() => CALLS[op]?.(cookies, args as never[], kwargs, host) ?? null),
  );
  return { results, jar: jarOf(cookies) };
}

/** Without Python's debug form, and without its mark on cookies that code has set. */
function comparable(expected: unknown, { input }: JarCase): unknown {
  const { results, jar } = expected as { results: unknown[]; jar: Record<string, unknown>[] };
  return {
    results: results.map((result, at) => (input.calls[at]?.op === 'repr' ? null : result)),
    jar: jar.map(({ http_only: _, ...cookie }) => cookie),
  };
}

/** A domain comes again after another: Python's jar keeps its cookies together. */
function isInterleaved(calls: JarCase['input']['calls']): boolean {
  const domains = calls
    .filter(({ op }) => op === 'set')
    .map(({ args, kwargs }) => String(kwargs?.domain ?? args?.[2] ?? ''));
  return domains.some((domain, at) => domains[at - 1] !== domain && domains.slice(0, at).includes(domain));
}

describeFile<JarCase>(
  'cookie_jar',
  play,
  [
    {
      overruledBy:
        'SECURITY 5.1: nothing smuggles a second cookie into the field; RFC 6265bis § 4.1.1: a value holds no ;',
      applies: ({ input }) => input.calls.some(({ op, args }) => op === 'set' && /;/.test(String(args?.[1]))),
    },
    {
      overruledBy: 'RFC 6265bis § 5.8.3: of cookies with paths of equal length the older ones go first',
      applies: ({ input }) => isInterleaved(input.calls),
    },
  ],
  comparable,
);
