/**
 * `Cookies`: a client's cookies by name (httpx's Cookies). A mapping over a jar, which decides what is kept and sent; here
 * is only how code looks at them and sets its own, and the flow that fetches the public suffixes when a domain is named.
 */

import { host as ownHost } from '#host';
import { checkFields, INSPECT, own, typeNameOf } from './config.js';
import { type Cookie, CookieJar } from './cookie-jar.js';
import { CookieConflict, LocalProtocolError } from './exceptions.js';
import { type Flow, isThenable, wait } from './flow.js';
import { ForeignJar, isToughCookieJar, type ToughCookieJar } from './foreign-jar.js';
import type { Headers } from './headers.js';
import type { Host, PublicSuffixes } from './hosts/host.js';
import type { MaybePromise } from './hosts/socket.js';
import { hostToAscii } from './punycode.js';
import { parsedSetCookie, type SameSite, type SetCookie } from './set-cookie.js';
import type { URL } from './url.js';

export type { Cookie, CookieJar } from './cookie-jar.js';
export type { ToughCookieJar } from './foreign-jar.js';
export type { SameSite } from './set-cookie.js';

/**
 * Whatever cookies can be made from: names with values, pairs, cookies as a jar shows them. A jar is not copied, but used.
 */
export type CookieTypes =
  | Cookies
  | CookieJar
  | ToughCookieJar
  | Readonly<Record<string, string>>
  | Iterable<readonly [name: string, value: string] | Cookie>
  | null;

/** Which cookies of a name are meant. */
export interface CookieScope {
  /** The domain it was set for; when setting: the hosts it goes to, subdomains included. */
  readonly domain?: string | null | undefined;
  /** The path it was set for. */
  readonly path?: string | null | undefined;
}

const SCOPE = ['domain', 'path'] as const satisfies readonly (keyof CookieScope)[];
const SAME_SITES: readonly SameSite[] = ['strict', 'lax', 'none'];
/** What would end a cookie, or the field that it is sent in. */
const NOT_IN_COOKIE = /[^\t\x20-:<-~\x80-\uffff]/;
const NON_ASCII = /[\u0080-\uffff]/;
const BEYOND_LATIN1 = /[\u0100-\uffff]/;

/** Cookies by name. Iteration yields each name with its value, oldest first. */
export class Cookies implements Iterable<[string, string]> {
  #jar: CookieJar | ForeignJar;

  /** @throws TypeError for what holds no cookies; RangeError for names and values that no Cookie field can hold. */
  constructor(init?: CookieTypes);
  /** @internal */
  constructor(init: CookieTypes | undefined, host: Host);
  constructor(init?: CookieTypes, host: Host = ownHost) {
    if (init instanceof CookieJar) this.#jar = init;
    else if (isToughCookieJar(init)) this.#jar = new ForeignJar(init);
    else {
      this.#jar = new CookieJar(() => host.wallClock());
      this.update(init);
    }
  }

  /** The jar itself: its cookies with their domains and dates, as JSON too, or the tough-cookie jar that was given. */
  get jar(): CookieJar | ToughCookieJar {
    return this.#jar instanceof ForeignJar ? this.#jar.native : this.#jar;
  }

  /** How many there are. */
  get size(): number {
    return this.#jar.size;
  }

  /**
   * Sets a cookie that lasts as long as the jar. Without a domain it goes to every host (as httpx); with one to that host and
   * those below it.
   * @throws TypeError unless name and value are strings; RangeError for control characters, a ';', and a '=' in the name
   */
  set(name: string, value: string, scope?: CookieScope): void {
    checkFields(scope, SCOPE, 'set a cookie');
    checkText(name, name, 'name');
    checkText(name, value, 'value');
    if (name.includes('=')) throw new RangeError(`Cannot set cookie ${JSON.stringify(name)}: a name holds no '='`);
    const domain = domainOf(own(scope, 'domain') ?? '');
    const path = own(scope, 'path') ?? '/';
    checkText(name, domain, 'domain');
    checkText(name, path, 'path');
    const plain = { hostOnly: false, secure: false, httpOnly: false, sameSite: null, expires: null };
    this.#jar.put({ name, value, domain, path, ...plain });
  }

  /** The value; `null` if there is none. @throws CookieConflict if several cookies are meant. */
  get(name: string, scope?: CookieScope): string | null {
    const isMeant = meaning(name, scope);
    const found = [...this.#jar].filter(isMeant);
    if (found.length > 1) {
      const of = found.map(({ domain, path }) => `${domain || 'every host'}${path}`).join(', ');
      throw new CookieConflict(
        `Cannot get cookie ${JSON.stringify(name)}: ${found.length} cookies have that name (${of}); name the domain or the path as well`,
      );
    }
    return found[0]?.value ?? null;
  }

  /** True if there is a cookie of that name. */
  has(name: string): boolean {
    for (const cookie of this.#jar) if (cookie.name === name) return true;
    return false;
  }

  /** Takes out the cookies of that name; there need not be any. */
  delete(name: string, scope?: CookieScope): void {
    this.#jar.remove(meaning(name, scope));
  }

  /** Takes out all cookies, or those of a domain, or of a path of it. @throws TypeError for a path without a domain. */
  clear(scope?: CookieScope): void {
    const path = own(scope, 'path') ?? null;
    if (path !== null && (own(scope, 'domain') ?? null) === null) {
      throw new TypeError('Cannot clear cookies: expected a domain with the path');
    }
    this.#jar.remove(meaning(null, scope));
  }

  /** Adds cookies; one of the same name, domain and path is replaced. @throws TypeError, RangeError */
  update(cookies?: CookieTypes): void {
    if (cookies === undefined || cookies === null) return;
    const jar = cookies instanceof Cookies ? cookies.#jar : cookies;
    if (jar instanceof CookieJar && this.#jar instanceof CookieJar) this.#jar.copy(jar);
    else if (cookies instanceof Cookies) {
      for (const cookie of cookies.#jar) this.#jar.put(cookie);
    } else if (isToughCookieJar(cookies)) {
      for (const cookie of new ForeignJar(cookies)) this.#jar.put(cookie);
    } else if (typeof cookies !== 'object') {
      throw new TypeError(`Cannot set cookies: expected an object or pairs, got ${typeNameOf(cookies)}`);
    } else if (Symbol.iterator in cookies) {
      for (const item of cookies as Iterable<unknown>) this.#add(item);
    } else {
      for (const [name, value] of Object.entries(cookies as Readonly<Record<string, string>>)) this.set(name, value);
    }
  }

  #add(item: unknown): void {
    if (Array.isArray(item) && item.length === 2) this.set(item[0], item[1]);
    else if (typeof item === 'object' && item !== null && !Array.isArray(item)) this.#jar.put(checkedCookie(item));
    else throw new TypeError('Cannot set cookies: expected [name, value] pairs, or cookies as a jar has them');
  }

  /** The names, one for each cookie. */
  *keys(): IteratorObject<string, undefined> {
    for (const { name } of this.#jar) yield name;
  }

  /** The values. */
  *values(): IteratorObject<string, undefined> {
    for (const { value } of this.#jar) yield value;
  }

  /** Each name with its value. */
  *items(): IteratorObject<[string, string], undefined> {
    for (const { name, value } of this.#jar) yield [name, value];
  }

  /** Each name with its value. */
  [Symbol.iterator](): IteratorObject<[string, string], undefined> {
    return this.items();
  }

  /** @internal The Cookie field of a request, as octets; '' if there is none. `everywhere`: with those for every host. */
  headerFor(url: URL, everywhere = true): MaybePromise<string> {
    return this.#jar.headerFor(url, everywhere);
  }

  /** @internal True if its jar's store answers later: what goes with a request is then asked for when that is sent. */
  get answersLater(): boolean {
    return this.#jar instanceof ForeignJar && !this.#jar.isSynchronous;
  }

  /** @internal Adds the Cookie field of a request, unless it has one. */
  *addTo(headers: Headers, url: URL): Flow<void> {
    const field = yield* wait(this.headerFor(url));
    if (field !== '' && !headers.has('cookie')) headers.append('Cookie', field);
  }

  /** @internal As `addTo`, at once. */
  addNow(headers: Headers, url: URL, everywhere = true): void {
    const field = this.headerFor(url, everywhere);
    if (typeof field === 'string' && field !== '' && !headers.has('cookie')) headers.append('Cookie', field);
  }

  /**
   * @internal Keeps what a response from `url` sets.
   * @throws LocalProtocolError for a cookie that names a domain, where a `blocking` call would have to wait for the suffix list
   */
  *receive(url: URL, headers: Headers, host: Host, blocking = false): Flow<void> {
    const fields = headers.octetsOf('set-cookie');
    if (fields.length === 0) return;
    const jar = this.#jar;
    if (jar instanceof ForeignJar) {
      yield* wait(jar.receive(url, fields));
      return;
    }
    const cookies = fields.map((field) => parsedSetCookie(field, jar.nowMs)).filter((cookie) => cookie !== null);
    jar.store(url, cookies, cookies.some(namesDomain) ? yield* suffixList(host, blocking) : null);
  }

  /** The names and whom they are for, never the values: they are credentials. */
  toString(): string {
    const shown = [...this.#jar].map(({ name, domain, path }) => `${name} for ${domain || 'every host'}${path}`);
    return `<Cookies[${shown.join(', ')}]>`;
  }

  /** @internal */
  [INSPECT](): string {
    return this.toString();
  }
}

/** Most hosts load it at once. Where one cannot, it is there in a later turn. */
function* suffixList(host: Host, blocking: boolean): Flow<PublicSuffixes> {
  const list = host.publicSuffixes();
  if (!isThenable(list) || !blocking) return yield* wait(list);
  list.then(undefined, () => {});
  throw new LocalProtocolError(
    'Cannot keep a cookie that names a domain: this host is still loading the public suffix list, and a blocking call cannot ' +
      'wait for it; call again in a later turn of the event loop',
    { sent: 'full' },
  );
}

function namesDomain({ domain }: SetCookie): boolean {
  return domain !== null;
}

/** Whether a cookie is one of a name (`null`: of any) and scope. */
function meaning(name: string | null, scope: CookieScope | undefined): (cookie: Cookie) => boolean {
  checkFields(scope, SCOPE, 'look for cookies');
  const domain = own(scope, 'domain') ?? null;
  const path = own(scope, 'path') ?? null;
  const wanted = domain === null ? null : withoutDot(domainOf(domain));
  return (cookie) =>
    (name === null || cookie.name === name) &&
    (wanted === null || withoutDot(cookie.domain) === wanted) &&
    (path === null || cookie.path === path);
}

function withoutDot(domain: string): string {
  return domain.startsWith('.') ? domain.slice(1) : domain;
}

/** A domain as the jar has it: in ASCII and lower case. */
function domainOf(domain: string): string {
  if (typeof domain !== 'string') {
    throw new TypeError(`Cannot set a cookie: expected its domain to be a string, got ${typeNameOf(domain)}`);
  }
  return (NON_ASCII.test(domain) ? (hostToAscii(domain) ?? domain) : domain).toLowerCase();
}

function checkText(name: string, text: unknown, part: string): void {
  if (typeof text !== 'string') {
    throw new TypeError(`Cannot set a cookie: expected its ${part} to be a string, got ${typeNameOf(text)}`);
  }
  const found = NOT_IN_COOKIE.exec(text);
  if (found === null) return;
  const shown = found[0] === ';' ? "';'" : `0x${found[0].charCodeAt(0).toString(16).padStart(2, '0')}`;
  throw new RangeError(
    `Cannot set cookie ${JSON.stringify(name)}: its ${part} must not hold ${shown} (RFC 6265bis §4.1)`,
  );
}

/** A cookie as `jar.toJSON()` gave it, after whatever became of it meanwhile. */
function checkedCookie(item: object): Cookie {
  const given = item as Cookie;
  const name = own(given, 'name') as string;
  const value = own(given, 'value') as string;
  const domain = domainOf(own(given, 'domain') ?? '');
  const path = own(given, 'path') ?? '/';
  for (const [part, text] of Object.entries({ name, value, domain, path })) checkText(String(name), text, part);
  const sameSite = own(given, 'sameSite') ?? null;
  if (sameSite !== null && !SAME_SITES.includes(sameSite)) {
    const expected = SAME_SITES.join(', ');
    throw new TypeError(
      `Cannot set a cookie: expected sameSite to be one of ${expected} or null, got ${String(sameSite)}`,
    );
  }
  const expires = own(given, 'expires') ?? null;
  if (expires !== null && !Number.isFinite(expires)) {
    const got = typeof expires === 'number' ? expires : typeNameOf(expires);
    throw new TypeError(`Cannot set a cookie: expected expires to be a number or null, got ${got}`);
  }
  const hostOnly = own(given, 'hostOnly') === true && domain !== '';
  const secure = own(given, 'secure') === true;
  const httpOnly = own(given, 'httpOnly') === true;
  const cookie: Cookie = { name, value, domain, hostOnly, path, secure, httpOnly, sameSite, expires };
  const encoding: unknown = own(given, 'encoding') ?? null;
  if (encoding === null) return cookie;
  if (encoding !== 'iso-8859-1' || BEYOND_LATIN1.test(name + value)) {
    const got = encoding === 'iso-8859-1' ? 'code units beyond U+00FF' : String(encoding);
    throw new TypeError(`Cannot set a cookie: expected encoding to be that of its octets, iso-8859-1, got ${got}`);
  }
  return { ...cookie, encoding };
}
