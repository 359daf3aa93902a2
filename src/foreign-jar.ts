/**
 * A cookie jar of the package tough-cookie behind the same few questions as ours. It is told by its methods and never
 * imported; its own rules hold for what it keeps. One whose store answers later serves asynchronous clients only.
 */
import { isoDateMs } from './cookie-dates.js';
import { type Cookie, cookieOctets, cookieText } from './cookie-jar.js';
import type { MaybePromise } from './hosts/socket.js';
import type { URL } from './url.js';

/** What is used of a tough-cookie `CookieJar`. */
export interface ToughCookieJar {
  /** Takes a Set-Cookie field of a response; of a synchronous store. */
  setCookieSync(cookie: string, url: string, options?: { readonly ignoreError?: boolean }): unknown;
  /** The Cookie field of a request; of a synchronous store. */
  getCookieStringSync(url: string): string;
  /** Takes a Set-Cookie field of a response; for `AsyncClient` alone. */
  setCookie(cookie: string, url: string, options?: { readonly ignoreError?: boolean }): Promise<unknown>;
  /** The Cookie field of a request; for `AsyncClient` alone. */
  getCookieString(url: string): Promise<string>;
  /** All cookies, for `Cookies` to show. */
  serializeSync(): { readonly cookies: readonly object[] } | null | undefined;
  /** Where it keeps them. */
  readonly store: {
    readonly synchronous?: boolean | undefined;
    removeCookie(domain: string, path: string, key: string, done: (error: Error | null) => void): unknown;
  };
}

type Serialised = Readonly<Record<string, unknown>>;

/** True for what has a tough-cookie jar's methods. */
export function isToughCookieJar(value: unknown): value is ToughCookieJar {
  const jar = value as Partial<ToughCookieJar> | null;
  return (
    typeof jar === 'object' && typeof jar?.setCookieSync === 'function' && typeof jar.getCookieString === 'function'
  );
}

/** A tough-cookie jar, as `Cookies` uses it. @internal */
export class ForeignJar implements Iterable<Cookie> {
  readonly native: ToughCookieJar;

  constructor(native: ToughCookieJar) {
    this.native = native;
  }

  get size(): number {
    return [...this].length;
  }

  *[Symbol.iterator](): IteratorObject<Cookie, undefined> {
    this.#demandSynchronous();
    for (const cookie of this.native.serializeSync()?.cookies ?? []) yield cookieOf(cookie as Serialised);
  }

  /** @throws RangeError for a cookie without a domain, or one that the jar refuses; TypeError if its store answers later. */
  put({ name, value, domain, path }: Cookie): void {
    this.#demandSynchronous();
    if (domain === '') {
      throw new RangeError(`Cannot set cookie ${JSON.stringify(name)}: a tough-cookie jar needs a domain for it`);
    }
    const host = domain.replace(/^\./, '');
    try {
      this.native.setCookieSync(`${name}=${value}; Domain=${host}; Path=${path || '/'}`, `https://${host}/`);
    } catch (cause) {
      throw new RangeError(`Cannot set cookie ${JSON.stringify(name)}: the tough-cookie jar refuses it`, { cause });
    }
  }

  /** @throws what the store reports */
  remove(isMeant: (cookie: Cookie) => boolean): void {
    let failure: Error | null = null;
    for (const cookie of [...this].filter(isMeant)) {
      this.native.store.removeCookie(cookie.domain, cookie.path, cookie.name, (error) => {
        failure ??= error;
      });
    }
    if (failure !== null) throw failure;
  }

  /** None of its cookies is for every host. */
  headerFor(url: URL, _everywhere: boolean): MaybePromise<string> {
    if (this.isSynchronous) return cookieOctets(this.native.getCookieStringSync(url.href));
    return this.native.getCookieString(url.href).then(cookieOctets);
  }

  /** `fields`: values of Set-Cookie as octets. */
  receive(url: URL, fields: readonly string[]): MaybePromise<void> {
    const texts = fields.map(cookieText);
    if (this.isSynchronous) {
      for (const text of texts) this.native.setCookieSync(text, url.href, { ignoreError: true });
      return undefined;
    }
    const kept = (earlier: Promise<unknown>, text: string): Promise<unknown> =>
      earlier.then(() => this.native.setCookie(text, url.href, { ignoreError: true }));
    return texts.reduce(kept, Promise.resolve()).then(() => undefined);
  }

  /** Its store answers at once. */
  get isSynchronous(): boolean {
    return this.native.store.synchronous === true;
  }

  #demandSynchronous(): void {
    if (this.isSynchronous) return;
    throw new TypeError(
      "Cannot look into the cookies: the tough-cookie jar's store is not synchronous; ask the jar itself",
    );
  }
}

function cookieOf(cookie: Serialised): Cookie {
  const { key, value, domain, path, expires, sameSite } = cookie;
  const time = typeof expires === 'string' ? isoDateMs(expires) : null;
  return {
    name: String(key ?? ''),
    value: String(value ?? ''),
    domain: String(domain ?? ''),
    hostOnly: cookie.hostOnly === true,
    path: String(path ?? '/'),
    secure: cookie.secure === true,
    httpOnly: cookie.httpOnly === true,
    sameSite: sameSite === 'strict' || sameSite === 'lax' || sameSite === 'none' ? sameSite : null,
    expires: time,
  };
}
