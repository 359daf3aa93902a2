/**
 * The proxies that environment variables name (httpx: `get_environment_proxies`), as patterns of mounts: `null` is no proxy.
 *
 * HTTP_PROXY, HTTPS_PROXY and ALL_PROXY, in lower case first: an empty one in lower case switches the other off. A CGI
 * program gets HTTP_PROXY from whoever sends a Proxy header, so that in one only the lower case counts (httpoxy, SECURITY
 * 6.8). NO_PROXY is a list, divided by commas or white space, of what is reached without a proxy:
 *
 *   *                             everything: there are no proxies
 *   example.org, example.org.     the name and those below it
 *   .example.org, *.example.org   the names below it
 *   localhost                     this name alone
 *   192.0.2.1, ::1                the address
 *   192.0.2.0/24, 2001:db8::/32   all addresses that begin with these bits; names are not looked up
 *   example.org:8080, [::1]:8080  the same on one port
 *   https://example.org           a pattern of mounts
 *
 * What is none of these, is nothing that a URL's host can be.
 */
import { InvalidURL } from './exceptions.js';
import type { Host } from './hosts/host.js';
import { ipOctets, parseIpRange } from './ip-addresses.js';
import { parsePattern } from './mounts.js';
import { Proxy } from './proxy.js';

const VARIABLES: readonly (readonly [name: string, pattern: string])[] = [
  ['HTTP_PROXY', 'http://'],
  ['HTTPS_PROXY', 'https://'],
  ['ALL_PROXY', 'all://'],
];
const HOST_AND_PORT = /^(\[[^\]]*\]|[^:[\]]*)(?::([0-9]+))?$/;
/** WHATWG takes a host whose last label is a number for an address: an entry is none unless it is written as one. */
const ENDS_IN_NUMBER = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$/i;

/** What an environment says. */
export interface EnvironmentProxies {
  /** By pattern: the proxy's URL, or `null` for none. */
  readonly mounts: readonly (readonly [pattern: string, proxy: string | null])[];
  /** By proxy's URL: the variable that it is from, for messages. */
  readonly variables: ReadonlyMap<string, string>;
}

/** `variable` gives the value of an environment variable. @throws TypeError for a pattern in NO_PROXY that is none */
export function environmentProxies(variable: (name: string) => string | undefined): EnvironmentProxies {
  const isCgi = (variable('REQUEST_METHOD') ?? '') !== '';
  const valueOf = (name: string): string => {
    const lower = variable(name.toLowerCase());
    if (lower !== undefined) return lower;
    return isCgi && name === 'HTTP_PROXY' ? '' : (variable(name) ?? '');
  };
  const entries = valueOf('NO_PROXY')
    .split(/[\s,]+/)
    .filter((entry) => entry !== '');
  const mounts = new Map<string, string | null>();
  const variables = new Map<string, string>();
  if (entries.includes('*')) return { mounts: [], variables };
  for (const [name, pattern] of VARIABLES) {
    const value = valueOf(name);
    if (value.trim() === '') continue;
    const url = value.includes('://') ? value : `http://${value.trim()}`;
    mounts.set(pattern, url);
    if (!variables.has(url)) variables.set(url, name);
  }
  for (const entry of entries) {
    const pattern = patternOf(entry);
    if (pattern !== null) mounts.set(pattern, null);
  }
  return { mounts: [...mounts], variables };
}

/**
 * Transports by pattern, as the environment wants them: `behind` makes the one behind a proxy, once for each, and is asked
 * for the one without.
 * @throws TypeError, InvalidURL naming the variable that cannot be used
 */
export function environmentMounts<T>(
  host: Pick<Host, 'environment'>,
  behind: (proxy: Proxy | null) => T,
): (readonly [pattern: string, transport: T])[] {
  const { mounts, variables } = environmentProxies((name) => host.environment(name));
  const made = new Map<string | null, T>();
  return mounts.map(([pattern, url]) => {
    let transport = made.get(url);
    if (transport === undefined) {
      transport = url === null ? behind(null) : named(variables.get(url) ?? '', () => behind(new Proxy(url.trim())));
      made.set(url, transport);
    }
    return [pattern, transport];
  });
}

/** An error says which variable is to blame. */
function named<T>(variable: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof Error) error.message = `Cannot use ${variable} of the environment: ${error.message}`;
    throw error;
  }
}

/** What an entry of NO_PROXY is as a pattern; `null`: no host is meant by it. @throws TypeError */
function patternOf(entry: string): string | null {
  if (entry.includes('://')) return checkedPattern(entry, entry);
  const range = parseIpRange(entry);
  if (range !== null) return `all://${entry.includes(':') ? bracketed(entry) : entry}`;
  const [, host = '', port] = HOST_AND_PORT.exec(entry.replace(/\/.*$/, '')) ?? [];
  const behind = port === undefined ? '' : `:${port}`;
  if (host.startsWith('[') && ipOctets(host.slice(1, -1)) !== null) return `all://${host}${behind}`;
  const name = host.replace(/\.$/, '');
  if (name.toLowerCase() === 'localhost' && port === undefined) return `all://${name}`;
  const below = name.startsWith('*.') ? name.slice(2) : name.startsWith('.') ? name.slice(1) : null;
  const isNoName = host.startsWith('[') || (ENDS_IN_NUMBER.test(name) && ipOctets(name) === null);
  if (name === '' || below === '' || isNoName) return null;
  return checkedPattern(below === null ? `all://*${name}${behind}` : `all://*.${below}${behind}`, null);
}

/** '[::1]', or '[2001:db8::]/32'. */
function bracketed(entry: string): string {
  const at = entry.indexOf('/');
  return at < 0 ? `[${entry}]` : `[${entry.slice(0, at)}]${entry.slice(at)}`;
}

/** `entry`: as it stands in the variable, where it is a pattern itself. */
function checkedPattern(pattern: string, entry: string | null): string | null {
  try {
    parsePattern(pattern);
    return pattern;
  } catch (cause) {
    if (entry === null && cause instanceof InvalidURL) return null;
    throw new TypeError(`Cannot use NO_PROXY: ${(cause as Error).message}`, { cause });
  }
}
