/** url.json and url_whatwg.json of vectors/httpx: httpx's URL, part by part. */
import { AsyncClient, URL, type URLComponents } from '../../src/index.js';
import { answerOf, describeFile, given, isRecord, latin1, only, type ValueCase } from './httpx-values.js';

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

describeFile<UrlCase>('url', play, [
  {
    overruledBy: IDNA,
    applies: only(
      'idna/c57ab70c99',
      'idna/b0d6c177d7',
      'idna/e0e7160868',
      'idna/352f1e7de2',
      'idna/3bbe8a8255',
      'idna/e787991990',
      'idna/c964f639e0',
      'idna/93a2d9189e',
      'encode_host/d367edf577',
      'encode_host/99153107ff',
      'join/efda39df92',
      'equals/2f6024156b',
    ),
  },
  {
    overruledBy: 'HTTPX § 24.16: host is decoded only if its first label is xn--',
    applies: only('idna/97c1dcd4a0'),
  },
  {
    overruledBy: PORT,
    applies: only('port/f37d75523f', 'port/efad3cad54', 'port/b36577ab76', 'keywords/dfd20a2d50'),
  },
  {
    overruledBy: 'HTTPX § 24.16: copy_with(password=...) drops the user name',
    applies: only('keyword_none/7e94c34ce8', 'copy_with/fff6842f7e'),
  },
  { overruledBy: 'HTTPX § 6: an empty list leaves a key without values', applies: only('params/88aed9ce12') },
  { overruledBy: 'API, rule 4: userinfo is a string', applies: only('copy_with/f3f9086e7a') },
  {
    overruledBy: 'SECURITY 5.1: what cannot be sent is refused when it is built, and a relative URL cannot',
    applies: ({ input, expected }) =>
      input.op === 'base_merge' && isRecord(expected) && String(expected.merged).startsWith('/'),
  },
]);
describeFile<UrlCase>('url_whatwg', play, [
  { overruledBy: IDNA, applies: only('input/006c206a40', 'input/932b8be161', 'input/7994b50f47') },
  {
    overruledBy: PORT,
    applies: only(
      'input_failure/c8b94a1936',
      'input_failure/c2a928d5d9',
      'input_failure/a2c24f62b4',
      'input_failure/8338ff4c54',
      'input_failure/b65a9f6ad3',
      'input_failure/7eeae1c647',
    ),
  },
  {
    overruledBy: "RFC 3986 § 3.3: without an authority a path cannot begin with '//'; SECURITY 6.12: one parse",
    applies: ({ input }) => /^[a-z]+:\/{4}/.test(String(input.url)),
  },
  { overruledBy: 'RFC 3986 § 3.2.2: brackets hold an IP literal', applies: only('input_failure/838f63f21b') },
]);
