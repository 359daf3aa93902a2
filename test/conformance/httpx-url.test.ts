/** url.json and url_whatwg.json of vectors/httpx: httpx's URL, part by part. */
import { AsyncClient, URL, type URLComponents } from '../../src/index.js';
import {
  answerOf,
  type Difference,
  describeFile,
  given,
  hasRefusedIdna,
  isRecord,
  latin1,
  type ValueCase,
} from './httpx-values.js';

interface Input {
  readonly op: string;
  readonly url?: unknown;
  readonly kwargs?: Readonly<Record<string, unknown>>;
  readonly changes?: Readonly<Record<string, unknown>>;
  readonly args?: readonly unknown[];
  readonly with?: string;
  readonly left?: string;
  readonly right?: unknown;
  readonly base_url?: string;
}
interface UrlCase extends ValueCase {
  readonly input: Input & Readonly<Record<string, unknown>>;
}

/** Octets where API.md has text: userinfo, netloc and query are strings here. */
const TEXT: ReadonlySet<string> = new Set(['userinfo', 'netloc', 'query']);

function componentsOf(kwargs: Readonly<Record<string, unknown>>): URLComponents {
  return Object.fromEntries(
    Object.entries(kwargs).map(([name, value]) => {
      if (TEXT.has(name) && isRecord(value)) return [name, value.$bytes];
      return [name === 'raw_path' ? 'rawPath' : name, given(value)];
    }),
  );
}

/** Python's quotation of a string, as far as URLs need it. */
function quoted(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\');
  return text.includes("'") && !text.includes('"') ? `"${escaped}"` : `'${escaped.replaceAll("'", "\\'")}'`;
}

function viewOf(url: URL): unknown {
  return {
    str: String(url),
    repr: `URL(${quoted(url.toJSON())})`,
    scheme: url.scheme,
    raw_scheme: latin1(url.rawScheme),
    userinfo: url.userinfo,
    username: url.username,
    password: url.password,
    host: answerOf(() => url.host),
    raw_host: latin1(url.rawHost),
    port: url.port,
    netloc: url.netloc,
    path: url.path,
    query: url.query,
    params: answerOf(() => url.params.multiItems()),
    raw_path: latin1(url.rawPath),
    fragment: url.fragment,
    is_absolute_url: url.isAbsoluteUrl,
    is_relative_url: url.isRelativeUrl,
  };
}

type Asked = (input: Input) => unknown;
const made = (input: Input): URL => {
  const url = given(input.url) as string | undefined;
  return input.kwargs === undefined ? new URL(url) : new URL(url, componentsOf(input.kwargs));
};
const str = (url: URL): unknown => ({ str: String(url) });
const args = (input: Input): never[] => given(input.args ?? []) as never[];

const OPERATIONS: Readonly<Record<string, Asked>> = {
  parse: (input) => viewOf(made(input)),
  str_length: (input) => ({ length: String(made(input)).length }),
  join: (input) => str(made(input).join(input.with ?? '')),
  copy_with: (input) => viewOf(made(input).copyWith(componentsOf(input.changes ?? {}))),
  copy_set_param: (input) => str(made(input).copySetParam(...(args(input) as unknown as [string, string]))),
  copy_add_param: (input) => str(made(input).copyAddParam(...(args(input) as unknown as [string, string]))),
  copy_remove_param: (input) => str(made(input).copyRemoveParam(...(args(input) as unknown as [string]))),
  copy_merge_params: (input) => str(made(input).copyMergeParams(...(args(input) as unknown as [string]))),
  equals: (input) => ({
    equal: new URL(input.left).equals(given(input.right, { $url: (text) => new URL(String(text)) })),
  }),
  base_merge: (input) => {
    const client = new AsyncClient({ baseUrl: input.base_url });
    const merged = answerOf(() => String(client.buildRequest('GET', String(input.url)).url));
    return { base_url: String(client.baseUrl), merged };
  },
};

function play({ input }: UrlCase): unknown {
  const asked = OPERATIONS[input.op];
  if (asked === undefined) throw new Error(`unknown operation ${input.op}`);
  return asked(input);
}

const IDNA = "API, URL: IDNA is the host's UTS 46";
const PORT = 'HTTPX § 24.16: ports are parsed leniently; SECURITY 6.12: one parse';

const PORT_TEXT = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?(?:\[[^\]]*\]|(?!\[)[^/?#:@]*):([^/?#@]*)(?:[/?#]|$)/i;

/** Port texts of the URLs that a case takes apart. */
function portsOf({ url, left, right, with: reference, kwargs, changes }: Input): unknown[] {
  const texts = [url, left, right, reference].filter((each) => typeof each === 'string');
  const written = texts.map((text) => PORT_TEXT.exec(text)?.[1]);
  return [...written, kwargs?.port, changes?.port].filter((port) => port !== undefined && port !== null);
}

/** A port that is no number from 0 to 65535, which Python takes all the same. */
const isLenientPort = ({ input, expected }: UrlCase): boolean =>
  isRecord(expected) &&
  !('$error' in expected) &&
  portsOf(input).some((port) => !/^\d*$/.test(String(port)) || Number(port) > 65535);

/** Labels beyond the first are decoded here. */
function isDecodedLater({ expected }: UrlCase): boolean {
  const [first = '', ...others] = String(isRecord(expected) ? expected.raw_host : '').split('.');
  return !first.startsWith('xn--') && others.some((label) => label.startsWith('xn--'));
}

/** Only the password is replaced, and there is a user name to lose. */
function isUserDropped({ input }: UrlCase): boolean {
  const change = input.changes ?? input.kwargs ?? {};
  const names = Object.keys(change).filter((name) => ['username', 'password', 'userinfo', 'netloc'].includes(name));
  return names.join() === 'password' && /^[a-z]+:\/\/[^/?#:@]+(?::[^/?#@]*)?@/i.test(String(input.url));
}

const hasEmptyList = (params: unknown): boolean =>
  isRecord(params) && Object.values(params).some((value) => Array.isArray(value) && value.length === 0);

const BOTH: readonly Difference<UrlCase>[] = [
  { overruledBy: IDNA, applies: ({ expected }) => hasRefusedIdna(expected) },
  { overruledBy: PORT, applies: isLenientPort },
];

describeFile<UrlCase>('url', play, [
  ...BOTH,
  { overruledBy: 'HTTPX § 24.16: host is decoded only if its first label is xn--', applies: isDecodedLater },
  { overruledBy: 'HTTPX § 24.16: copy_with(password=...) drops the user name', applies: isUserDropped },
  {
    overruledBy: 'HTTPX § 6: an empty list leaves a key without values',
    applies: ({ input }) => hasEmptyList(input.kwargs?.params) || hasEmptyList(input.changes?.params),
  },
  {
    overruledBy: 'API, rule 4: userinfo is a string',
    applies: ({ input }) => typeof (input.changes ?? input.kwargs)?.userinfo === 'string',
  },
  {
    overruledBy: 'SECURITY 5.1: what cannot be sent is refused when it is built, and a relative URL cannot',
    applies: ({ input, expected }) =>
      input.op === 'base_merge' && isRecord(expected) && String(expected.merged).startsWith('/'),
  },
]);
describeFile<UrlCase>('url_whatwg', play, [
  ...BOTH,
  {
    overruledBy: "RFC 3986 § 3.3: without an authority a path cannot begin with '//'; SECURITY 6.12: one parse",
    applies: ({ input }) => /^[a-z]+:\/{4}/.test(String(input.url)),
  },
  {
    overruledBy: 'RFC 3986 § 3.2.2: brackets hold an IP literal',
    applies: ({ input, expected }) =>
      isRecord(expected) &&
      !('$error' in expected) &&
      /^[a-z-]+:\/\/(?:[^/?#]*@)?\[[^/?#\]]*(?:[/?#]|$)/i.test(String(input.url)),
  },
]);
