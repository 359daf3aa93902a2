/**
 * Origins: scheme, host and port of http and https URLs, one object for each in use (RFC 9110 §4.3.1). The host is the one
 * the WHATWG rules yield, and it alone goes to DNS, SNI, Host, cookies and NO_PROXY. Tables are bounded: past their size
 * they are emptied, so two objects may stand for one origin; `equals` and `key` tell.
 */
import { INSPECT } from './config.js';

const ORIGINS_MAX = 4096;
const SPELLING = /^(https?):\/\/([a-z0-9.-]+)(?::([1-9][0-9]{0,4}))?$/;
const SPELLING_LENGTH_MAX = 300;

const byKey = new Map<string, Origin>();
const bySpelling = new Map<string, Origin>();

/** Scheme, host and port of http and https URLs: what `url.origin` gives. Immutable. */
export class Origin {
  /** In lower case. */
  readonly scheme: 'http' | 'https';
  /** Name or IP address, without brackets. */
  readonly host: string;
  /** The scheme's own where the URL has none. */
  readonly port: number;
  /** Whether TLS is spoken: the scheme is https. */
  readonly secure: boolean;
  /** Equal for equal origins, the port always in it. */
  readonly key: string;
  /** Value of the Host field: the port only if it is not the scheme's own. */
  readonly hostField: string;
  /** Room for what one owner knows of this origin; whoever reads it makes sure that it is their own. @internal */
  note: unknown = null;

  /** Use `originOf`. `bracketed` is the host as URLs have it. @internal */
  constructor(scheme: 'http' | 'https', bracketed: string, port: number, key: string) {
    if (typeof key !== 'string') throw new TypeError('Cannot make an Origin: it is what url.origin gives');
    this.scheme = scheme;
    this.host = bracketed.startsWith('[') ? bracketed.slice(1, -1) : bracketed;
    this.port = port;
    this.secure = scheme === 'https';
    this.key = key;
    this.hostField = port === defaultPort(scheme) ? bracketed : `${bracketed}:${port}`;
  }

  /** What CONNECT asks for: host and port, the port always in it (RFC 9112 §3.2.3). @internal */
  get authority(): string {
    return this.key.slice(this.scheme.length + '://'.length);
  }

  /** True if `other` is the same origin. */
  equals(other: unknown): boolean {
    return this === other || (other instanceof Origin && this.key === other.key);
  }

  /** As WHATWG serialises it. */
  toString(): string {
    return `${this.scheme}://${this.hostField}`;
  }

  /** As `toString()`. */
  toJSON(): string {
    return this.toString();
  }

  /** @internal */
  [INSPECT](): string {
    return `Origin('${this.toString()}')`;
  }
}

function defaultPort(scheme: 'http' | 'https'): number {
  return scheme === 'https' ? 443 : 80;
}

/** The origin; `bracketed` is the host as WHATWG serialises it, `port` is `null` for the scheme's own. */
export function originOf(scheme: 'http' | 'https', bracketed: string, port: number | null): Origin {
  const number = port ?? defaultPort(scheme);
  const key = `${scheme}://${bracketed}:${number}`;
  const known = byKey.get(key);
  if (known !== undefined) return known;
  if (byKey.size >= ORIGINS_MAX) byKey.clear();
  const origin = new Origin(scheme, bracketed, number, key);
  byKey.set(key, origin);
  return origin;
}

/**
 * The origin of a URL's beginning, up to the path, if it is spelled as it is sent: lower-case scheme and host, no
 * credentials, no default port, a host that WHATWG leaves as it is. `null` for every other spelling.
 */
export function originOfSpelling(prefix: string): Origin | null {
  return bySpelling.get(prefix) ?? spelledAnew(prefix);
}

function spelledAnew(prefix: string): Origin | null {
  if (prefix.length > SPELLING_LENGTH_MAX) return null;
  const parts = SPELLING.exec(prefix);
  if (parts === null) return null;
  let url: globalThis.URL;
  try {
    url = new globalThis.URL(prefix);
  } catch {
    return null;
  }
  const port = parts[3] ?? '';
  if (url.hostname !== parts[2] || url.port !== port) return null;
  // Strings that the URL parser made: a slice of the caller's text would keep all of that text alive.
  const origin = originOf(parts[1] === 'https' ? 'https' : 'http', url.hostname, port === '' ? null : Number(port));
  if (bySpelling.size >= ORIGINS_MAX) bySpelling.clear();
  bySpelling.set(url.origin, origin);
  return origin;
}

/** What may be sent as SNI and looked for in a certificate: a name in ASCII, or an IP address without brackets. */
export function isHostName(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9A-Za-z._:-]+$/.test(value);
}
