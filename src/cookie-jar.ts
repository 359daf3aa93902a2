/**
 * The cookie jar (RFC 6265bis §5.7, §5.8): which cookies are kept, for whom, and which go with a request. The clock and the
 * public suffixes come from outside. Names and values are held as octets, one per code unit, and shown as text.
 *
 * Cookies hang by domain, so that a request looks at its host and the domains above it and nowhere else.
 */
import { decoded, isUtf8, textOfOctets } from './fields.js';
import type { PublicSuffixes } from './hosts/host.js';
import { hostToAscii } from './punycode.js';
import type { SameSite, SetCookie } from './set-cookie.js';
import type { URL } from './url.js';

/** A cookie as the jar shows it, and takes it back. */
export interface Cookie {
  /** Its octets as UTF-8, unless `encoding` says otherwise; '' for a cookie without a name. */
  readonly name: string;
  /** As it was set, its octets as UTF-8, unless `encoding` says otherwise. */
  readonly value: string;
  /** Where octets of name or value are no UTF-8: both are shown as ISO-8859-1, and sent so. */
  readonly encoding?: 'iso-8859-1' | undefined;
  /** In lower case; '' for every host, as only code can ask for. */
  readonly domain: string;
  /** Sent to that very host, not to those below it. */
  readonly hostOnly: boolean;
  /** Sent to paths that are below it (RFC 6265bis §5.1.4). */
  readonly path: string;
  /** Only over TLS, and to this machine itself. */
  readonly secure: boolean;
  /** Not for scripts in a page; it makes no difference here. */
  readonly httpOnly: boolean;
  /** As the server said it; a client that is no browser sends it all the same. `null`: it said nothing. */
  readonly sameSite: SameSite | null;
  /** Milliseconds since 1970; `null`: as long as the jar. */
  readonly expires: number | null;
}

interface Kept {
  readonly cookie: Cookie;
  /** Of name and value, as they are sent. */
  readonly octets: string;
  /** Counts cookies, oldest first; one that takes another's place takes its age. */
  readonly born: number;
  /** Counts uses. */
  used: number;
}

/** Of a domain that has a name; those for every host are no server's. */
const PER_DOMAIN_MAX = 180;
const COOKIES_MAX = 3000;
/** Octets of one Cookie field. */
const HEADER_OCTETS_MAX = 8190;
const IPV4 = /^[0-9.]+$/;
const NON_ASCII = /[\u0080-\uffff]/;
const encoder = new TextEncoder();

/** Cookies of one client. Iteration yields those that have not expired, oldest first. */
export class CookieJar implements Iterable<Cookie> {
  readonly #byDomain = new Map<string, Map<string, Kept>>();
  readonly #clock: () => number;
  #size = 0;
  #count = 0;

  /** @internal `clock`: milliseconds since 1970. */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** @internal The clock's time, in milliseconds since 1970. */
  get nowMs(): number {
    return this.#clock();
  }

  /** How many there are. */
  get size(): number {
    if (this.#size > 0) this.#dropExpired();
    return this.#size;
  }

  /** The cookies, oldest first. */
  *[Symbol.iterator](): IteratorObject<Cookie, undefined> {
    if (this.#size === 0) return;
    this.#dropExpired();
    for (const kept of this.#oldestFirst()) yield kept.cookie;
  }

  /** The cookies with all that the jar knows of them: what `new Cookies(…)` takes back. */
  toJSON(): Cookie[] {
    return [...this];
  }

  /** @internal Keeps a cookie that code made, unless it has expired. */
  put(cookie: Cookie): void {
    const { name, value, encoding } = cookie;
    if (encoding === 'iso-8859-1') this.#keep(cookie, name, value);
    else this.#keep(cookie, cookieOctets(name), cookieOctets(value));
  }

  /** @internal Keeps the cookies of another jar, octet for octet. */
  copy(other: CookieJar): void {
    other.#dropExpired();
    for (const { cookie, octets } of other.#oldestFirst()) {
      const at = cookie.name === '' ? -1 : octets.indexOf('=');
      this.#keep(cookie, octets.slice(0, Math.max(at, 0)), octets.slice(at + 1));
    }
  }

  /** @internal Takes out cookies for which `isMeant` holds. */
  remove(isMeant: (cookie: Cookie) => boolean): void {
    for (const [domain, cookies] of this.#byDomain) {
      for (const [key, { cookie }] of cookies) if (isMeant(cookie)) this.#drop(domain, key);
    }
  }

  /**
   * @internal What a response from `url` sets (RFC 6265bis §5.7). `suffixes` may be missing where no cookie names a domain.
   */
  store(url: URL, cookies: readonly SetCookie[], suffixes: PublicSuffixes | null): void {
    const site = siteOf(url);
    if (site === null) return;
    const { host } = site;
    const secureOrigin = isSecure(site);
    for (const given of cookies) {
      const cookie = scoped(given, url, host, suffixes);
      if (cookie === null || (cookie.secure && !secureOrigin)) continue;
      if (breaksPrefix(given, cookie) || (!secureOrigin && this.#shadowsSecure(cookie))) continue;
      this.#keep(cookie, given.name, given.value);
    }
  }

  /**
   * @internal The Cookie field of a request to `url`, as octets (RFC 6265bis §5.8.3); '' if there is none. `everywhere`: with
   * the cookies that code has set for every host.
   */
  headerFor(url: URL, everywhere: boolean): string {
    if (this.#size === 0) return '';
    const site = siteOf(url);
    if (site === null) return '';
    const now = this.#clock();
    const { host } = site;
    const path = pathOf(url);
    const secure = isSecure(site);
    const matching: Kept[] = [];
    for (const domain of domainsOf(host, everywhere)) {
      for (const [key, kept] of this.#byDomain.get(domain) ?? []) {
        const { cookie } = kept;
        if (isExpired(cookie, now)) this.#drop(domain, key);
        else if (cookie.hostOnly && domain !== host) continue;
        else if ((secure || !cookie.secure) && pathMatches(path, cookie.path)) matching.push(kept);
      }
    }
    return this.#joined(matching);
  }

  /** Longer paths first, then the older ones; what would make the field too long stays behind. */
  #joined(matching: Kept[]): string {
    matching.sort((a, b) => b.cookie.path.length - a.cookie.path.length || a.born - b.born);
    let header = '';
    for (const kept of matching) {
      if (header.length + 2 + kept.octets.length > HEADER_OCTETS_MAX) break;
      header += header === '' ? kept.octets : `; ${kept.octets}`;
      kept.used = ++this.#count;
    }
    return header;
  }

  /** Without TLS nothing may take the place of, or hide, what was set with it (RFC 6265bis §5.7, "leave secure cookies alone"). */
  #shadowsSecure(cookie: Cookie): boolean {
    const name = cookieText(cookie.name);
    return this.#all().some(
      ({ cookie: other }) =>
        other.secure &&
        other.name === name &&
        (domainMatches(cookie.domain, other.domain) || domainMatches(other.domain, cookie.domain)) &&
        pathMatches(cookie.path, other.path),
    );
  }

  #keep(cookie: Cookie, name: string, value: string): void {
    const domain = indexOf(cookie.domain);
    const key = `${cookie.hostOnly ? 'host' : 'domain'} ${cookie.path} ${name}`;
    const old = this.#byDomain.get(domain)?.get(key);
    if (isExpired(cookie, this.#clock())) {
      if (old !== undefined) this.#drop(domain, key);
      return;
    }
    let cookies = this.#byDomain.get(domain);
    if (cookies === undefined) {
      cookies = new Map();
      this.#byDomain.set(domain, cookies);
    }
    const used = ++this.#count;
    const octets = name === '' ? value : `${name}=${value}`;
    cookies.set(key, { cookie: shownCookie(cookie, name, value), octets, born: old?.born ?? used, used });
    if (old !== undefined) return;
    this.#size++;
    if (isCrowded(domain, cookies) || this.#size > COOKIES_MAX) this.#evict(domain, cookies);
  }

  /** Expired ones first, then of the domain that has too many those not secure, then whichever was not used for longest. */
  #evict(domain: string, cookies: ReadonlyMap<string, Kept>): void {
    this.#dropExpired();
    if (isCrowded(domain, cookies)) {
      const open = [...cookies].filter(([, { cookie }]) => !cookie.secure);
      const [key] = leastUsed(open.length > 0 ? open : [...cookies]);
      this.#drop(domain, key);
    }
    if (this.#size <= COOKIES_MAX) return;
    const everywhere = [...this.#byDomain].flatMap(([owner, kept]) =>
      [...kept].map(([key, each]) => [[owner, key] as const, each] as const),
    );
    const [[owner, key]] = leastUsed(everywhere);
    this.#drop(owner, key);
  }

  #all(): Kept[] {
    return [...this.#byDomain.values()].flatMap((cookies) => [...cookies.values()]);
  }

  #oldestFirst(): Kept[] {
    return this.#all().sort((a, b) => a.born - b.born);
  }

  #dropExpired(): void {
    const now = this.#clock();
    this.remove((cookie) => isExpired(cookie, now));
  }

  #drop(domain: string, key: string): void {
    const cookies = this.#byDomain.get(domain);
    if (cookies?.delete(key) !== true) return;
    this.#size--;
    if (cookies.size === 0) this.#byDomain.delete(domain);
  }
}

/** The cookie with a name and a value of those octets, as text. */
function shownCookie({ encoding: _before, ...cookie }: Cookie, name: string, value: string): Cookie {
  if (!isUtf8(name) || !isUtf8(value)) return Object.freeze({ ...cookie, name, value, encoding: 'iso-8859-1' });
  return Object.freeze({ ...cookie, name: decoded(name, 'utf-8'), value: decoded(value, 'utf-8') });
}

function isCrowded(domain: string, cookies: ReadonlyMap<string, Kept>): boolean {
  return domain !== '' && cookies.size > PER_DOMAIN_MAX;
}

function leastUsed<K>(entries: readonly (readonly [K, Kept])[]): readonly [K, Kept] {
  return entries.reduce((least, entry) => (entry[1].used < least[1].used ? entry : least));
}

function isExpired({ expires }: Cookie, now: number): boolean {
  return expires !== null && expires <= now;
}

/** The cookie with the domain and path that it is for; `null` if its host may not set it. */
function scoped(given: SetCookie, url: URL, host: string, suffixes: PublicSuffixes | null): Cookie | null {
  let { domain } = given;
  if (domain !== null) {
    if (NON_ASCII.test(domain)) return null;
    if (suffixes === null || suffixes.isPublicSuffix(domain)) {
      // For all below a public suffix no one can speak; its own host can speak for itself.
      if (domain !== host) return null;
      domain = null;
    } else if (!domainMatches(host, domain)) return null;
  }
  const path = given.path ?? defaultPathOf(url);
  return { ...given, domain: domain ?? host, hostOnly: domain === null, path };
}

/** The promises of a name's prefix, whatever its case (RFC 6265bis §5.7); a cookie without a name may not look like one. */
function breaksPrefix(given: SetCookie, { hostOnly, secure }: Cookie): boolean {
  const start = (given.name === '' ? given.value : given.name).slice(0, 9).toLowerCase();
  const isHost = start.startsWith('__host-');
  if (!isHost && start !== '__secure-') return false;
  if (given.name === '' || !secure) return true;
  return isHost && !(hostOnly && given.path === '/');
}

/** Whether a cookie for `domain` goes to `host`, both in lower case (§5.1.3). */
function domainMatches(host: string, domain: string): boolean {
  if (host === domain || domain === '') return true;
  return host.endsWith(domain) && host.charCodeAt(host.length - domain.length - 1) === 0x2e && !isAddress(host);
}

/** §5.1.4. */
function pathMatches(path: string, cookiePath: string): boolean {
  if (!path.startsWith(cookiePath)) return false;
  return (
    path.length === cookiePath.length ||
    cookiePath.endsWith('/') ||
    path.charAt(cookiePath.length) === '/' ||
    cookiePath === ''
  );
}

function pathOf(url: URL): string {
  const { target } = url;
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

/** The request's path up to its last '/' (§5.1.4). */
function defaultPathOf(url: URL): string {
  const path = pathOf(url);
  const last = path.lastIndexOf('/');
  return last <= 0 ? '/' : path.slice(0, last);
}

/** What cookies ask of an origin. */
interface Site {
  readonly host: string;
  readonly secure: boolean;
}

/**
 * Whose cookies a URL's are; `null`: of a scheme that has none. WebSockets have those of HTTP (RFC 6455 §4.1).
 * @throws UnsupportedProtocol for a relative URL
 */
function siteOf(url: URL): Site | null {
  if (url.isWeb || url.scheme === '') return url.origin;
  const { scheme, host } = url;
  if (scheme !== 'ws' && scheme !== 'wss') return null;
  return { host: hostToAscii(host) ?? host, secure: scheme === 'wss' };
}

/** By TLS, or to this very machine: nobody listens in between, as browsers see it. */
function isSecure({ secure, host }: Site): boolean {
  return secure || host === 'localhost' || host.endsWith('.localhost') || host === '::1' || isLoopback(host);
}

function isLoopback(host: string): boolean {
  return host.startsWith('127.') && IPV4.test(host);
}

function isAddress(host: string): boolean {
  return host.includes(':') || IPV4.test(host);
}

/** Under which a domain's cookies hang. */
function indexOf(domain: string): string {
  return domain.startsWith('.') ? domain.slice(1) : domain;
}

/** The host, the domains above it, and, where they count, '' for the cookies of every host. */
function domainsOf(host: string, everywhere: boolean): string[] {
  const domains = everywhere ? [host, ''] : [host];
  if (isAddress(host)) return domains;
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
    const above = host.slice(dot + 1);
    if (above !== '') domains.push(above);
  }
  return domains;
}

/** Text as it is sent: UTF-8. @internal */
export function cookieOctets(text: string): string {
  return NON_ASCII.test(text) ? textOfOctets(encoder.encode(text)) : text;
}

/** Octets as text: UTF-8 if they are that, else ISO-8859-1. @internal */
export function cookieText(octets: string): string {
  return isUtf8(octets) ? decoded(octets, 'utf-8') : octets;
}
