/**
 * Taking URLs apart and putting them together (RFC 3986 §3 and §5.2, httpx's rules of what is encoded and what is refused).
 * Parts are held as they are sent: encoded, scheme and host in lower case, default ports left out. What an http URL must be
 * to be *sent* is asked in url.ts.
 */
import { InvalidURL } from './exceptions.js';
import {
  percentEncode,
  UNSAFE_IN_CREDENTIAL,
  UNSAFE_IN_FRAGMENT,
  UNSAFE_IN_HOST,
  UNSAFE_IN_PATH,
  UNSAFE_IN_QUERY,
  UNSAFE_IN_USERINFO,
} from './percent-encoding.js';
import { hostToAscii } from './punycode.js';

/** The parts of a URL, encoded. */
export interface UrlParts {
  readonly scheme: string;
  readonly userinfo: string;
  /** Without brackets. */
  readonly host: string;
  readonly port: number | null;
  readonly path: string;
  /** `null`: there is no '?'. */
  readonly query: string | null;
  /** `null`: there is no '#'. */
  readonly fragment: string | null;
}

/** Longest URL, and longest component, in UTF-16 code units. */
export const URL_LENGTH_MAX = 65536;

const GENERIC = /^(?:([A-Za-z][A-Za-z0-9+.-]*)?:)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;
const CONTROL = /[^ -~\u0080-\uffff]/;
/** Here a reference means the directory, so its '/' stays (RFC 3986 §5.2.4). */
const DOT_AT_END = /(?:^|\/)\.\.?$/;
const DIGITS = /^0*[0-9]{1,5}$/;
const IPV4_LIKE = /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/;
const NON_ASCII = /[\u0080-\uffff]/;
/** The schemes whose references Python's `urljoin` resolves. */
const JOINED_SCHEMES: ReadonlySet<string> = new Set(
  ',ftp,http,gopher,nntp,imap,wais,file,https,shttp,mms,prospero,rtsp,rtspu,sftp,svn,svn+ssh,ws,wss'.split(','),
);
const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ['ftp', 21],
  ['http', 80],
  ['ws', 80],
  ['https', 443],
  ['wss', 443],
]);

/** @throws InvalidURL for text that is too long or holds control characters; `what` names it. */
export function checkText(text: string, what: string): void {
  if (text.length > URL_LENGTH_MAX) {
    throw new InvalidURL(`Cannot parse ${what}: expected at most ${URL_LENGTH_MAX} characters, got ${text.length}`);
  }
  const found = CONTROL.exec(text);
  if (found === null) return;
  const shown = `0x${found[0].charCodeAt(0).toString(16).padStart(2, '0')}`;
  const message = `Cannot parse ${what}: expected no control characters, got ${shown} at position ${found.index}`;
  throw new InvalidURL(message, { position: found.index });
}

/** @throws InvalidURL for text that is no URL and no reference to one. */
export function parseUrl(text: string): UrlParts {
  checkText(text, 'URL');
  const found = GENERIC.exec(text);
  if (found === null) throw new InvalidURL('Cannot parse URL: expected a URL or a relative reference');
  const [, scheme = '', authority, path = '', query, fragment] = found;
  const start = authority === undefined ? 0 : text.indexOf('//') + 2;
  return normalised({
    scheme,
    ...splitAuthority(authority ?? '', start),
    path,
    query: query ?? null,
    fragment: fragment ?? null,
  });
}

/** Userinfo, host and port, not yet encoded. `start` is where the authority stands in what the caller gave. */
export function splitAuthority(authority: string, start: number): Pick<UrlParts, 'userinfo' | 'host' | 'port'> {
  const at = authority.lastIndexOf('@');
  const userinfo = at < 0 ? '' : authority.slice(0, at);
  const rest = authority.slice(at + 1);
  const restStart = start + at + 1;
  let hostEnd = rest.indexOf(':');
  if (rest.startsWith('[')) {
    hostEnd = rest.lastIndexOf(']') + 1;
    if (hostEnd === 0) {
      throw new InvalidURL(`Cannot parse URL: expected ']' behind the '[' at position ${restStart}`, {
        position: restStart,
      });
    }
  } else if (hostEnd < 0) hostEnd = rest.length;
  return { userinfo, host: rest.slice(0, hostEnd), port: portOf(rest.slice(hostEnd), restStart + hostEnd) };
}

/** `text` is '' or begins with ':'. It is not quoted in messages: what stands there may be the start of a password. */
function portOf(text: string, start: number): number | null {
  if (text === '' || text === ':') return null;
  const digits = text.slice(1);
  const port = Number(digits);
  if (text.startsWith(':') && DIGITS.test(digits) && port <= 65535) return port;
  throw new InvalidURL(`Cannot parse URL: expected a port from 0 to 65535 at position ${start}`, { position: start });
}

/** Encodes and normalises parts. Encoding leaves alone what is encoded already, so doing it twice changes nothing. */
export function normalised(raw: UrlParts): UrlParts {
  const scheme = raw.scheme.toLowerCase();
  const host = encodeHost(raw.host);
  const port = raw.port === DEFAULT_PORTS.get(scheme) ? null : raw.port;
  const parts: UrlParts = {
    scheme,
    userinfo: percentEncode(raw.userinfo, UNSAFE_IN_USERINFO),
    host,
    port,
    path: raw.path,
    query: raw.query === null ? null : percentEncode(raw.query, UNSAFE_IN_QUERY),
    fragment: raw.fragment === null ? null : percentEncode(raw.fragment, UNSAFE_IN_FRAGMENT),
  };
  const absolute = scheme !== '' || hasAuthority(parts);
  checkPath(raw.path, parts);
  const path = absolute ? removeDotSegments(raw.path) : raw.path;
  return { ...parts, path: percentEncode(path, UNSAFE_IN_PATH) };
}

function hasAuthority(parts: UrlParts): boolean {
  return parts.host !== '' || parts.userinfo !== '' || parts.port !== null;
}

/** A path that would be read as something else once the URL is text again is refused. */
function checkPath(path: string, parts: UrlParts): void {
  if (hasAuthority(parts)) {
    if (path === '' || path.startsWith('/')) return;
    throw new InvalidURL("Cannot make URL: with a host the path must be empty or begin with '/'");
  }
  if (path.startsWith('//')) throw new InvalidURL("Cannot make URL: without a host the path must not begin with '//'");
  if (parts.scheme === '' && path.startsWith(':')) {
    throw new InvalidURL("Cannot make URL: without a scheme the path must not begin with ':'");
  }
}

/** Encodes a username or a password for its place in userinfo. */
export function encodeCredential(text: string): string {
  return percentEncode(text, UNSAFE_IN_CREDENTIAL);
}

/**
 * A host as it is sent, without brackets; an IPv6 address may be given with or without them. ASCII names are lower-cased,
 * others are what the runtime's UTS 46 makes of them; IP addresses must be valid.
 */
function encodeHost(host: string): string {
  if (host === '') return '';
  const isBracketed = host.startsWith('[') && host.endsWith(']');
  if (isBracketed || host.includes(':')) {
    const address = isBracketed ? host.slice(1, -1) : host;
    if (!isIpv6(address)) throw new InvalidURL(`Cannot parse URL: expected an IPv6 address in ${shown(host)}`);
    return address;
  }
  if (IPV4_LIKE.test(host)) {
    if (hostToAscii(host) === host) return host;
    throw new InvalidURL(`Cannot parse URL: expected an IPv4 address, got ${shown(host)}`);
  }
  if (!NON_ASCII.test(host)) return percentEncode(host.toLowerCase(), UNSAFE_IN_HOST);
  // UTS 46 lowers the case itself, and unlike JavaScript without regard to what stands beside a letter.
  const ascii = hostToAscii(host);
  if (ascii === null || ascii === '') {
    throw new InvalidURL(`Cannot parse URL: expected a host name that IDNA allows, got ${shown(host)}`);
  }
  return ascii;
}

function shown(host: string): string {
  return JSON.stringify(host.length > 100 ? `${host.slice(0, 100)}…` : host);
}

/** With or without a zone, which only the sender understands. */
function isIpv6(address: string): boolean {
  const zone = address.indexOf('%');
  const plain = zone < 0 ? address : address.slice(0, zone);
  return zone !== address.length - 1 && plain.includes(':') && hostToAscii(`[${plain}]`) !== null;
}

/** Without '.' and '..' segments. As httpx, and unlike RFC 3986 §5.2.4, one at the end leaves no '/' behind. */
function removeDotSegments(path: string): string {
  if (!path.includes('.')) return path;
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') {
      if (kept.length > 1 || (kept.length === 1 && kept[0] !== '')) kept.pop();
    } else if (segment !== '.') kept.push(segment);
  }
  return kept.join('/');
}

/** The authority as text, `userinfo` as given. */
function authorityOf(parts: UrlParts, userinfo: string): string {
  return `${userinfo === '' ? '' : `${userinfo}@`}${netlocOf(parts)}`;
}

/** Host and port as text. */
export function netlocOf(parts: UrlParts): string {
  const host = bracketed(parts.host);
  return parts.port === null ? host : `${host}:${parts.port}`;
}

/** The host as it stands in a URL. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Path and query as text; the path is '/' if it is empty. */
export function targetOf(parts: UrlParts): string {
  const path = parts.path === '' ? '/' : parts.path;
  return parts.query === null ? path : `${path}?${parts.query}`;
}

/** The URL as text; `userinfo` replaces the one in `parts`, for showing it. */
export function serialised(parts: UrlParts, userinfo: string = parts.userinfo): string {
  let text = parts.scheme === '' ? '' : `${parts.scheme}:`;
  if (hasAuthority(parts)) text += `//${authorityOf(parts, userinfo)}`;
  text += parts.path;
  if (parts.query !== null) text += `?${parts.query}`;
  if (parts.fragment !== null) text += `#${parts.fragment}`;
  return text;
}

/**
 * What httpx's `join` makes of a reference, which is what Python's `urljoin` does: schemes that it does not know are not
 * joined, an empty query or fragment counts as none, and where paths are merged empty segments go.
 */
export function joined(base: UrlParts, reference: UrlParts): UrlParts {
  const scheme = reference.scheme === '' ? base.scheme : reference.scheme;
  if (scheme !== base.scheme || !JOINED_SCHEMES.has(scheme)) return reference;
  const query = reference.query === '' ? null : reference.query;
  const fragment = reference.fragment === '' ? null : reference.fragment;
  if (hasAuthority(reference)) return normalised({ ...reference, scheme, query, fragment });
  if (reference.path === '') return { ...base, query: query ?? base.query, fragment };
  return normalised({ ...base, path: joinedPath(base.path, reference.path), query, fragment });
}

function joinedPath(base: string, path: string): string {
  const segments = path.split('/');
  if (!path.startsWith('/')) {
    const above = base.split('/');
    if (above.at(-1) !== '') above.pop();
    segments.unshift(...above);
    const last = segments.length - 1;
    return withoutDots(segments.filter((segment, at) => segment !== '' || at === 0 || at === last));
  }
  return withoutDots(segments);
}

function withoutDots(segments: readonly string[]): string {
  const kept: string[] = [];
  for (const segment of segments) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  if (segments.at(-1) === '.' || segments.at(-1) === '..') kept.push('');
  const path = kept.join('/');
  return path === '' || path.startsWith('/') ? path : `/${path}`;
}

/** RFC 3986 §5.2.2. A reference that repeats the base's scheme without a host is relative (as httpx and WHATWG). */
export function resolved(base: UrlParts, reference: UrlParts): UrlParts {
  if (hasAuthority(reference)) {
    return reference.scheme === '' ? normalised({ ...reference, scheme: base.scheme }) : reference;
  }
  if (reference.scheme !== '' && reference.scheme !== base.scheme) return reference;
  if (reference.path === '') {
    return { ...base, query: reference.query ?? base.query, fragment: reference.fragment };
  }
  const merged = mergedPath(base, reference.path);
  const path = removeDotSegments(DOT_AT_END.test(merged) ? `${merged}/` : merged);
  return normalised({ ...base, path, query: reference.query, fragment: reference.fragment });
}

/** RFC 3986 §5.2.3. */
function mergedPath(base: UrlParts, path: string): string {
  if (path.startsWith('/')) return path;
  if (base.path === '' && hasAuthority(base)) return `/${path}`;
  return base.path.slice(0, base.path.lastIndexOf('/') + 1) + path;
}
