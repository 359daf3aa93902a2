/**
 * Mount patterns (httpx): which URLs a transport is for, and which of several patterns is asked first. Pure: what is mounted
 * is none of its business, so that the proxies which an environment names are mounts as well.
 *
 * `scheme://host:port`, each part of which may be missing: `all` or no scheme is every scheme; `*` or no host is every host,
 * `*.example.org` the names below it, `*example.org` those and itself, `192.0.2.0/24` and `[2001:db8::]/32` all addresses that
 * begin with these bits; no port is every port. A host is compared as the
 * WHATWG rules yield it, as it goes to DNS, and a port with the one that is connected to: `http://h:80` is for port 80 alone
 * (httpx takes a scheme's own port for none).
 */
import { InvalidURL } from './exceptions.js';
import { type IpRange, ipOctets, isInRange, parseIpRange } from './ip-addresses.js';
import { hostToAscii } from './punycode.js';
import type { Origin, URL } from './url.js';

const PATTERN =
  /^([a-z][a-z0-9+.-]*|\*)?:(?:\/\/(?:[^/?#@]*@)?(\[[^\]/?#]*\]|[^:[\]/?#]*)(?::([0-9]*))?(?:[/?#]|$)|$)/i;
const RANGE = /:\/\/(?:\[([^\]]*)\]|([0-9.]+))\/([0-9]+)$/;
const USERINFO = /\/\/[^/?#]*@/;
const PORT_MAX = 65535;
/** Ports of schemes that only a transport of the user's can serve; origins know those of http and https. */
const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ['ftp', 21],
  ['ws', 80],
  ['wss', 443],
]);

/** What of a URL decides; an `Origin` is one. */
export interface Place {
  readonly scheme: string;
  /** In ASCII, without brackets. */
  readonly host: string;
  readonly port: number | null;
}

/** One pattern, taken apart. */
export interface MountPattern {
  /** In lower case; '' is every scheme. */
  readonly scheme: string;
  /** In ASCII, without brackets and wildcard; '' is every host. */
  readonly host: string;
  /** All addresses of a range, in place of one host. */
  readonly range: IpRange | null;
  readonly hosts: 'itself' | 'below' | 'both';
  /** `null` is every port. */
  readonly port: number | null;
  /** As the host is written: the longer, the earlier it is asked. */
  readonly hostLength: number;
}

/** @throws TypeError for what is no pattern; InvalidURL for a host or a port that no URL has */
export function parsePattern(text: string): MountPattern {
  const parts = text === '' ? [] : PATTERN.exec(text);
  if (parts === null) throw new TypeError(`${refusal(text)}: expected 'scheme://host:port'${hintFor(text)}`);
  const [, scheme = '', written = '', port = ''] = parts;
  const star = written.startsWith('*.') ? '*.' : written.startsWith('*') ? '*' : '';
  const everyHost = written === '' || written === '*';
  return {
    scheme: scheme === '*' || scheme.toLowerCase() === 'all' ? '' : scheme.toLowerCase(),
    host: everyHost ? '' : hostOf(written.slice(star.length), text),
    range: rangeOf(text),
    hosts: star === '*.' ? 'below' : star === '*' ? 'both' : 'itself',
    port: port === '' ? null : portOf(port, text),
    hostLength: everyHost ? 0 : written.length,
  };
}

function refusal(pattern: string): string {
  return `Cannot mount at ${JSON.stringify(pattern.replace(USERINFO, '//'))}`;
}

function hintFor(pattern: string): string {
  if (pattern.includes('://')) return '';
  return /[.:]/.test(pattern) ? `, as in 'all://${pattern}'` : `, as in '${pattern}://'`;
}

function hostOf(name: string, pattern: string): string {
  const host = hostToAscii(name);
  if (host === null || host === '') throw new InvalidURL(`${refusal(pattern)}: expected a host that WHATWG URLs allow`);
  if (host.startsWith('[')) return host.slice(1, -1);
  // With or without its last dot, a name is the same one.
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

/** Of an address that is followed by its number of bits, and by nothing else. */
function rangeOf(text: string): IpRange | null {
  const [, ipv6, ipv4 = '', bits = ''] = RANGE.exec(text) ?? [];
  return bits === '' ? null : parseIpRange(`${ipv6 ?? ipv4}/${bits}`);
}

function portOf(digits: string, pattern: string): number {
  const port = Number(digits);
  if (port <= PORT_MAX) return port;
  throw new InvalidURL(`${refusal(pattern)}: expected a port of at most ${PORT_MAX}`);
}

/** Whether what is there is among what the pattern means. */
export function matches(pattern: MountPattern, { scheme, host, port }: Place): boolean {
  if (pattern.scheme !== '' && pattern.scheme !== scheme) return false;
  if (pattern.port !== null && pattern.port !== port) return false;
  return isHostOf(pattern, host.endsWith('.') ? host.slice(0, -1) : host);
}

function isHostOf({ host, hosts, range }: MountPattern, asked: string): boolean {
  if (range !== null) {
    const octets = ipOctets(asked);
    return octets !== null && isInRange(octets, range);
  }
  if (host === '') return true;
  if (hosts !== 'below' && asked === host) return true;
  return hosts !== 'itself' && asked.length > host.length + 1 && asked.endsWith(`.${host}`);
}

/** Below zero if `a` is asked before `b`: those with a port first, then longer hosts, then longer schemes (httpx). */
export function byPriority(a: MountPattern, b: MountPattern): number {
  if ((a.port === null) !== (b.port === null)) return a.port === null ? 1 : -1;
  return b.hostLength - a.hostLength || b.scheme.length - a.scheme.length;
}

interface Entry<T> {
  readonly text: string;
  readonly pattern: MountPattern;
  readonly value: T;
}

/** What is mounted where. Immutable. */
export class Mounts<T extends object> {
  readonly #entries: readonly Entry<T>[];
  /** What was found for an origin; `null` is nothing. */
  readonly #found = new WeakMap<Origin, T | null>();

  /** Of equal patterns the latter counts; of equally important ones the former is asked first. @throws TypeError, InvalidURL */
  constructor(mounts: Iterable<readonly [pattern: string, value: T]>) {
    const entries = [...new Map(mounts)].map(([text, value]) => ({ text, pattern: parsePattern(text), value }));
    this.#entries = entries.sort((a, b) => byPriority(a.pattern, b.pattern));
  }

  /** What requests for `url` are handed to; `null`: no pattern matches. @throws InvalidURL for one that cannot be sent */
  at(url: URL): T | null {
    if (!url.isWeb) return this.#find(placeOf(url));
    const { origin } = url;
    let found = this.#found.get(origin);
    if (found === undefined) {
      found = this.#find(origin);
      this.#found.set(origin, found);
    }
    return found;
  }

  #find(place: Place): T | null {
    return this.#entries.find(({ pattern }) => matches(pattern, place))?.value ?? null;
  }

  /** In the order of asking. */
  get values(): T[] {
    return this.#entries.map(({ value }) => value);
  }

  /** As they were written, in the order of asking. */
  get patterns(): string[] {
    return this.#entries.map(({ text }) => text);
  }
}

/** Of a URL that has no origin. */
function placeOf({ scheme, host, port }: URL): Place {
  return { scheme, host: hostToAscii(host) ?? host, port: port ?? DEFAULT_PORTS.get(scheme) ?? null };
}
