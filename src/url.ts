/**
 * URLs as immutable values (httpx's URL). They parse as httpx does; to be sent, a URL must also parse by the WHATWG rules,
 * and the host that is used is the one those rules yield: where the two disagree about it, the URL is refused.
 *
 * The usual spelling (known origin, plain target) is recognised without being taken apart: such a URL holds its text, its
 * origin and its target, and makes everything else when asked.
 */
import { withoutSecrets } from './attempted.js';
import { INSPECT, typeNameOf } from './config.js';
import { InvalidURL, UnsupportedProtocol } from './exceptions.js';
import { type Origin, originOf, originOfSpelling } from './origin.js';
import { percentDecode } from './percent-encoding.js';
import { hostToAscii, hostToUnicode } from './punycode.js';
import { type PrimitiveData, QueryParams, type QueryParamTypes } from './query-params.js';
import { replaced, type URLComponents } from './url-components.js';
import {
  bracketed,
  joined,
  netlocOf,
  parseUrl,
  resolved,
  serialised,
  targetOf,
  URL_LENGTH_MAX,
  type UrlParts,
} from './url-syntax.js';

export { Origin } from './origin.js';
export type { URLComponents } from './url-components.js';

/** Whatever a URL can be made from. */
export type URLTypes = string | URL | globalThis.URL;

/**
 * A target that is sent as it stands: segments of octets that need no encoding, none of them '.' or '..', and perhaps a
 * query; no fragment.
 */
const PLAIN_TARGET = /(?:\/(?!\.\.?(?:[/?]|$))[!$-.0-;=@-Z_a-z~]*)+(?:\?[!$-;=?-Z_a-z~]*)?$/y;
/** What was meant as a host and its port, and is a scheme and a path to who takes URLs apart. */
const HOST_AND_PORT = /^[\w.-]+:\d{1,5}(?:[/?#]|$)/;
const MASK = '[secure]';
const NO_PARTS: UrlParts = parseUrl('');

/** An immutable URL, or a relative reference to one. */
export class URL {
  #href: string | null = null;
  #origin: Origin | null = null;
  #target: string | null = null;
  #parts: UrlParts | null = null;
  /** What the caller gave, where it is not `#href`: the WHATWG rules are asked about that. */
  #given: string | null = null;

  /**
   * Components replace those of `url`; `null` removes one.
   * @throws InvalidURL for what is no URL; TypeError for other types, unknown components, and for a second URL (see `join`).
   */
  constructor(url?: URLTypes, components?: URLComponents) {
    if (typeof components === 'string' || components instanceof URL || components instanceof globalThis.URL) {
      throw new TypeError(
        'Cannot make URL: a reference is resolved with url.join(reference), not with a second argument',
      );
    }
    if (url === undefined) this.#parts = NO_PARTS;
    else if (typeof url === 'string') this.#take(url);
    else if (url instanceof URL) this.#copy(url);
    else if (url instanceof globalThis.URL) this.#take(url.href);
    else throw new TypeError(`Cannot make URL: expected a string or a URL, got ${typeNameOf(url)}`);
    if (components !== undefined) this.#become(replaced(this.#taken(), components));
  }

  static #of(parts: UrlParts): URL {
    const url = new URL();
    url.#become(parts);
    return url;
  }

  #take(text: string): void {
    const at = text.indexOf('/', 8);
    const end = at < 0 ? text.length : at;
    // An origin that is spelled as it is sent is sure, whatever follows it.
    const origin = end > URL_LENGTH_MAX ? null : originOfSpelling(at < 0 ? text : text.slice(0, at));
    this.#origin = origin;
    if (origin !== null && (at < 0 || isPlainTarget(text, at))) {
      this.#href = text;
      this.#target = at < 0 ? '/' : text.slice(at);
      return;
    }
    this.#parts = parseUrl(text);
    this.#given = text;
  }

  #copy(from: URL): void {
    this.#href = from.#href;
    this.#origin = from.#origin;
    this.#target = from.#target;
    this.#parts = from.#parts;
    this.#given = from.#given;
  }

  #become(parts: UrlParts): void {
    this.#parts = parts;
    this.#href = null;
    this.#origin = null;
    this.#target = null;
    this.#given = null;
  }

  #taken(): UrlParts {
    this.#parts ??= parseUrl(this.#href ?? '');
    return this.#parts;
  }

  /** The URL as text, password included. */
  get href(): string {
    this.#href ??= serialised(this.#taken());
    return this.#href;
  }

  /**
   * Where requests for this URL go. @throws UnsupportedProtocol unless the scheme is http or https; InvalidURL without a
   * host, or with one that the WHATWG rules refuse or read differently.
   */
  get origin(): Origin {
    this.#origin ??= this.#findOrigin();
    return this.#origin;
  }

  #findOrigin(): Origin {
    const { scheme, host, port } = this.#taken();
    if (scheme === '') {
      throw new UnsupportedProtocol(
        `Request URL is missing an 'http://' or 'https://' protocol. Got ${shownUrl(this)}: write the whole URL, or give ` +
          'relative ones to a client with a baseUrl',
      );
    }
    if (scheme !== 'http' && scheme !== 'https') {
      const meant = meantAsHost(this);
      const hint = meant === null ? '' : ` To reach that host, write '${meant}'.`;
      throw new UnsupportedProtocol(`Request URL has an unsupported protocol '${scheme}://'.${hint}`);
    }
    if (host === '') throw new InvalidURL('Cannot send a request: its URL has no host');
    const ascii = hostToAscii(bracketed(host));
    if (ascii === null || ascii === '') {
      throw new InvalidURL(
        `Cannot send a request to ${JSON.stringify(host)}: expected a host that WHATWG URLs allow${escapedIn(host)}`,
      );
    }
    const text = this.#given ?? this.href;
    let read: globalThis.URL;
    try {
      read = new globalThis.URL(text);
    } catch {
      throw new InvalidURL(`Cannot send a request to ${JSON.stringify(host)}: its URL is none by the WHATWG rules`);
    }
    if (read.hostname !== ascii || read.port !== (port === null ? '' : String(port))) {
      throw new InvalidURL(
        `Cannot send a request to ${JSON.stringify(host)}: by the WHATWG rules the same URL leads to ` +
          JSON.stringify(read.hostname),
      );
    }
    return originOf(scheme, ascii, port);
  }

  /** Its scheme is http or https. Asks nothing of a URL in the usual spelling. @internal */
  get isWeb(): boolean {
    if (this.#origin !== null) return true;
    const { scheme } = this.#taken();
    return scheme === 'http' || scheme === 'https';
  }

  /** User name or password are given. Asks nothing of a URL in the usual spelling. @internal */
  get hasUserinfo(): boolean {
    return this.#parts !== null && this.#parts.userinfo !== '';
  }

  /** Request target in origin-form: path and query, never the fragment. @internal */
  get target(): string {
    this.#target ??= targetOf(this.#taken());
    return this.#target;
  }

  /** In lower case; '' if there is none. */
  get scheme(): string {
    return this.#taken().scheme;
  }

  /** Octets of the scheme. */
  get rawScheme(): Uint8Array<ArrayBuffer> {
    return octetsOf(this.scheme);
  }

  /** User name and password as they are encoded. */
  get userinfo(): string {
    return this.#taken().userinfo;
  }

  /** Decoded; '' if there is none. */
  get username(): string {
    return percentDecode(this.userinfo.split(':', 1)[0] ?? '');
  }

  /** Decoded; '' if there is none. */
  get password(): string {
    const at = this.userinfo.indexOf(':');
    return at < 0 ? '' : percentDecode(this.userinfo.slice(at + 1));
  }

  /** For people: without brackets, IDNA decoded. */
  get host(): string {
    return hostToUnicode(this.#taken().host);
  }

  /** Octets of the ASCII form, without brackets. */
  get rawHost(): Uint8Array<ArrayBuffer> {
    return octetsOf(this.#taken().host);
  }

  /** `null` if there is none, or it is the scheme's own. */
  get port(): number | null {
    return this.#taken().port;
  }

  /** Host, in ASCII and with brackets, and port. */
  get netloc(): string {
    return netlocOf(this.#taken());
  }

  /** Decoded; '/' if it is empty. */
  get path(): string {
    const { path } = this.#taken();
    return path === '' ? '/' : percentDecode(path);
  }

  /** As it is encoded; '' if there is none. */
  get query(): string {
    return this.#taken().query ?? '';
  }

  /** The query as parameters. */
  get params(): QueryParams {
    return new QueryParams(this.query);
  }

  /** Octets of path and query. */
  get rawPath(): Uint8Array<ArrayBuffer> {
    return octetsOf(this.target);
  }

  /** Decoded; '' if there is none. */
  get fragment(): string {
    return percentDecode(this.#taken().fragment ?? '');
  }

  /** With scheme and host. */
  get isAbsoluteUrl(): boolean {
    if (this.#origin !== null) return true;
    const { scheme, host } = this.#taken();
    return scheme !== '' && host !== '';
  }

  /** Without scheme or without host. */
  get isRelativeUrl(): boolean {
    return !this.isAbsoluteUrl;
  }

  /** With other components; `null` removes one. A user name or password given alone leaves the other. */
  copyWith(components: URLComponents): URL {
    return new URL(this, components);
  }

  /** With this one value for the query parameter. */
  copySetParam(key: string, value?: PrimitiveData): URL {
    return this.copyWith({ params: this.params.set(key, value) });
  }

  /** With one more value for the query parameter. */
  copyAddParam(key: string, value?: PrimitiveData): URL {
    return this.copyWith({ params: this.params.add(key, value) });
  }

  /** Without the query parameter. */
  copyRemoveParam(key: string): URL {
    return this.copyWith({ params: this.params.remove(key) });
  }

  /** With the query parameters of `params`, whose keys win whole. */
  copyMergeParams(params?: QueryParamTypes): URL {
    return this.copyWith({ params: this.params.merge(params) });
  }

  /**
   * The URL that `reference` means on a page of this URL, as Python's `urljoin` says it (httpx): RFC 3986 §5.2, but an empty
   * query or fragment counts as none, `a//b` becomes `a/b` where paths are merged, and of schemes that it does not know
   * the reference stays as it is.
   */
  join(reference: URLTypes): URL {
    const other = reference instanceof URL ? reference : new URL(reference);
    return other.#or(this.href === '' ? other.#taken() : joined(this.#taken(), other.#taken()));
  }

  /** The URL that `reference` means in a message from this URL (RFC 3986 §5.2). @internal */
  resolve(reference: URL): URL {
    return reference.#or(resolved(this.#taken(), reference.#taken()));
  }

  #or(parts: UrlParts): URL {
    return parts === this.#taken() ? new URL(this) : URL.#of(parts);
  }

  /** True if both are spelled the same once parsed. */
  equals(other: unknown): boolean {
    if (other instanceof URL) return this.href === other.href;
    if (other === undefined) return false;
    try {
      return this.href === new URL(other as URLTypes).href;
    } catch {
      return false;
    }
  }

  /** @throws InvalidURL if this is a relative reference, or no URL by the WHATWG rules. */
  toWeb(): globalThis.URL {
    try {
      return new globalThis.URL(this.href);
    } catch (cause) {
      throw new InvalidURL('Cannot make a globalThis.URL: expected an absolute URL by the WHATWG rules', { cause });
    }
  }

  /** The URL as text, password included. */
  toString(): string {
    return this.href;
  }

  /** The URL as text, its password masked. */
  toJSON(): string {
    const { userinfo } = this.#taken();
    const at = userinfo.indexOf(':');
    return at < 0 ? this.href : serialised(this.#taken(), `${userinfo.slice(0, at)}:${MASK}`);
  }

  /** @internal */
  [INSPECT](): string {
    return `URL('${this.toJSON()}')`;
  }
}

/** What to write instead of a URL that was meant as a host and its port; `null`: it was not. @internal */
export function meantAsHost({ href }: URL): string | null {
  return HOST_AND_PORT.test(href) ? `http://${withoutSecrets(href)}` : null;
}

/** A URL in quotes, as messages have it: short, and without what may be secret. @internal */
export function shownUrl(url: URL): string {
  const text = withoutSecrets(url.href);
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

function isPlainTarget(text: string, at: number): boolean {
  PLAIN_TARGET.lastIndex = at;
  return text.length <= URL_LENGTH_MAX && PLAIN_TARGET.test(text);
}

function octetsOf(ascii: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(ascii);
}

/** Of a host, the first character that had to be escaped: none may be there. */
function escapedIn(host: string): string {
  const escaped = /%[0-7][0-9a-f]/i.exec(host)?.[0];
  return escaped === undefined
    ? ''
    : `, not ${JSON.stringify(String.fromCharCode(Number.parseInt(escaped.slice(1), 16)))} (${escaped})`;
}
