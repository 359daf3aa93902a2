/**
 * A proxy as a value (httpx: `Proxy`): where it is, who asks it, what it is told beside, and how its certificate is
 * checked. Immutable; its text and errors about it never show a password.
 */
import type { DigestAuth } from './auth-digest.js';
import { checkFields, INSPECT, own, typeNameOf, type VerifyTypes } from './config.js';
import type { Credentials } from './digest.js';
import { InvalidURL } from './exceptions.js';
import { Headers, type HeaderTypes } from './headers.js';
import { hostToAscii } from './punycode.js';
import { checkVerify } from './tls.js';
import { meantAsHost, URL, type URLTypes } from './url.js';
import { bracketed } from './url-syntax.js';

/** Schemes of proxies, and the port of each that is meant where a URL names none. */
const PORTS: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
  ['socks5', 1080],
  ['socks5h', 1080],
]);
/** What user name and password may have at most (RFC 1929 §2). */
const SOCKS_CREDENTIAL_OCTETS_MAX = 255;
/** Fields that would announce what a request to the proxy has not. */
const FRAMING: readonly string[] = ['content-length', 'transfer-encoding', 'expect', 'upgrade', 'trailer', 'te'];
const MASK = '[secure]';

/** What is said of a proxy beside its URL. */
export interface ProxyOptions {
  /** User name and password, or `DigestAuth` for an HTTP proxy that asks for Digest. Those in the URL win. */
  readonly auth?: readonly [username: string, password: string] | DigestAuth | null | undefined;
  /** Sent to an HTTP proxy, with CONNECT or before the fields of a forwarded request, whose own win; never to the origin. */
  readonly headers?: HeaderTypes | undefined;
  /** How TLS with an https proxy is set up, as `verify` says it for origins; `true`, the runtime's store, by default. */
  readonly tls?: VerifyTypes | null | undefined;
}

/** The fields of a `Proxy` as a plain object. */
export interface ProxyFields extends ProxyOptions {
  /** Of the scheme http, https, socks5 or socks5h; its user name and password take the place of `auth`. */
  readonly url: URLTypes;
}

/** Whatever may be given where a proxy is asked for. `null`: none. */
export type ProxyTypes = URLTypes | Proxy | ProxyFields | null;

const OPTIONS = ['auth', 'headers', 'tls'] as const satisfies readonly (keyof ProxyOptions)[];
const FIELDS = ['url', ...OPTIONS] as const satisfies readonly (keyof ProxyFields)[];

/** Where requests are sent instead of to their origin. */
export class Proxy {
  readonly #url: URL;
  readonly #auth: readonly [username: string, password: string] | DigestAuth | null;
  readonly #headers: Headers;
  readonly #tls: VerifyTypes;

  /**
   * `url`: `http://`, `https://` (TLS to the proxy), `socks5://` or `socks5h://` (the proxy resolves names, for both). User
   * name and password in it replace `auth`, and leave it.
   * @throws TypeError for other schemes, options and types; InvalidURL; RangeError for a name or password over 255 octets
   * that is for a SOCKS proxy
   */
  constructor(url: URLTypes, options?: ProxyOptions | null) {
    checkFields(options, OPTIONS, 'make a Proxy');
    const given = new URL(url);
    if (!PORTS.has(given.scheme)) {
      throw new TypeError(
        `Cannot make a Proxy: expected a URL with http://, https://, socks5:// or socks5h://, got ${shownScheme(given)}${hintFor(given)}`,
      );
    }
    this.#url = given.hasUserinfo ? given.copyWith({ username: null, password: null }) : given;
    this.#auth = given.hasUserinfo ? Object.freeze([given.username, given.password] as const) : authOf(options);
    this.#headers = headersOf(own(options, 'headers') ?? null);
    const tls: unknown = own(options, 'tls') ?? true;
    checkVerify(tls, "use a Proxy's tls");
    this.#tls = tls;
    if (this.isSocks && this.digest !== null) {
      throw new TypeError('Cannot make a Proxy: SOCKS knows no Digest; give auth as [username, password]');
    }
    if (this.isSocks) for (const octets of this.rawAuth ?? []) checkCredential(octets);
  }

  /** What `value` means: text, a URL, or the fields of a Proxy make one; `null` is none. @throws as the constructor */
  static from(value: ProxyTypes | undefined): Proxy | null {
    if (value === undefined || value === null) return null;
    if (value instanceof Proxy) return value;
    const isUrl = typeof value === 'string' || value instanceof URL || value instanceof globalThis.URL;
    if (isUrl) return new Proxy(value);
    if (typeof value !== 'object') {
      throw new TypeError(
        `Cannot use proxy: expected a URL, a Proxy or an object with a url, got ${typeNameOf(value)}`,
      );
    }
    checkFields(value, FIELDS, 'use proxy');
    const url = own(value, 'url');
    if (url === undefined) throw new TypeError('Cannot use proxy: the object has no url');
    return new Proxy(url, { auth: own(value, 'auth'), headers: own(value, 'headers'), tls: own(value, 'tls') });
  }

  /** Without user name and password. */
  get url(): URL {
    return this.#url;
  }

  /** Who asks, if anybody. */
  get auth(): readonly [username: string, password: string] | DigestAuth | null {
    return this.#auth;
  }

  /** User name and password that are sent as they are. @internal */
  get basic(): readonly [username: string, password: string] | null {
    return Array.isArray(this.#auth) ? (this.#auth as readonly [string, string]) : null;
  }

  /** Those of which a digest alone is sent. @internal */
  get digest(): Credentials | null {
    return this.#auth === null || Array.isArray(this.#auth) ? null : (this.#auth as DigestAuth).credentials;
  }

  /** User name and password as octets, in UTF-8, unless only a digest of them is sent. */
  get rawAuth(): readonly [username: Uint8Array<ArrayBuffer>, password: Uint8Array<ArrayBuffer>] | null {
    if (this.basic === null) return null;
    const [username, password] = this.basic;
    const encoder = new TextEncoder();
    return [encoder.encode(username), encoder.encode(password)];
  }

  /** What an HTTP proxy is told, without its credentials; a copy. */
  get headers(): Headers {
    return this.#headers.copy();
  }

  /** How TLS with an https proxy is set up. */
  get tls(): VerifyTypes {
    return this.#tls;
  }

  /** @internal */
  get isSocks(): boolean {
    return this.#url.scheme.startsWith('socks');
  }

  /** Where it is connected to, its host as the WHATWG rules have it. @throws InvalidURL for a host that they refuse @internal */
  get place(): { readonly host: string; readonly port: number } {
    const { scheme, host, port } = this.#url;
    const ascii = host === '' ? null : hostToAscii(bracketed(host));
    if (ascii === null || ascii === '') {
      throw new InvalidURL(`Cannot use the proxy ${this.#url}: expected a host that WHATWG URLs allow`);
    }
    return { host: ascii.startsWith('[') ? ascii.slice(1, -1) : ascii, port: port ?? (PORTS.get(scheme) as number) };
  }

  /** As messages name it. @internal */
  get name(): string {
    const { host, port } = this.place;
    return `${this.#url.scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  /** Its settings, credentials masked. */
  toString(): string {
    const { basic, digest } = this;
    const pair = basic === null ? [] : [`auth: ['${basic[0]}', '${MASK}']`];
    const auth = digest === null ? pair : [`auth: DigestAuth('${digest.username}', '${MASK}')`];
    const headers = this.#headers.size === 0 ? [] : [`headers: ${JSON.stringify(this.#headers)}`];
    const options = [...auth, ...headers];
    return `Proxy('${this.#url}'${options.length === 0 ? '' : `, { ${options.join(', ')} }`})`;
  }

  /** As `toString()`. */
  toJSON(): string {
    return this.toString();
  }

  /** @internal */
  [INSPECT](): string {
    return this.toString();
  }
}

/** A proxy without a scheme is mostly an HTTP one. */
function hintFor(given: URL): string {
  const meant = meantAsHost(given);
  return meant === null ? '' : `; to reach an HTTP proxy there, write ${meant}`;
}

/** Nothing of what may be a password. */
function shownScheme({ scheme }: URL): string {
  return scheme === '' ? 'a URL without a scheme' : `${scheme}:`;
}

function authOf(options: ProxyOptions | null | undefined): readonly [string, string] | DigestAuth | null {
  const auth: unknown = own(options, 'auth') ?? null;
  if (auth === null) return null;
  // An auth that is a digest's is known by what it lets a proxy have.
  if (typeof (auth as Partial<DigestAuth>).credentials?.username === 'string') return auth as DigestAuth;
  if (Array.isArray(auth) && auth.length === 2 && auth.every((part) => typeof part === 'string')) {
    return Object.freeze([auth[0] as string, auth[1] as string] as const);
  }
  throw new TypeError(
    `Cannot make a Proxy: expected auth to be [username, password] or DigestAuth, got ${typeNameOf(auth)}`,
  );
}

function headersOf(given: HeaderTypes): Headers {
  const headers = new Headers(given);
  const wrong = FRAMING.find((name) => headers.has(name));
  if (wrong === undefined) return headers;
  throw new TypeError(`Cannot make a Proxy: ${wrong} must not be among its headers: it is about a request's own body`);
}

function checkCredential({ length }: Uint8Array): void {
  if (length <= SOCKS_CREDENTIAL_OCTETS_MAX) return;
  throw new RangeError(
    `Cannot make a Proxy: SOCKS allows ${SOCKS_CREDENTIAL_OCTETS_MAX} octets of user name and of password, got ${length}`,
  );
}
