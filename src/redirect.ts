/**
 * Redirects (RFC 9110 §15.4, as httpx follows them): from a response to the request that it asks for. Pure: whether to
 * follow, how often, and what becomes of the response's body is the send flow's business.
 *
 * What a server names is not trusted: only http and https are gone to, credentials leave with the origin they were meant
 * for, a Location brings none of its own, and one that httpx and WHATWG lead to different hosts leads nowhere.
 */
import { InvalidURL, RemoteProtocolError, UnsupportedProtocol } from './exceptions.js';
import type { Headers } from './headers.js';
import { NO_BODY, Prepared, Request, type RequestExtensions, shown } from './request.js';
import type { Response } from './response.js';
import { URL } from './url.js';

const SCHEME = /^([a-z][a-z0-9+.-]*):/i;
/** Fields that speak of a body (RFC 9110 §15.4), or of how it is sent. They go with it. */
const BODY_FIELDS: readonly string[] = [
  'content-length',
  'transfer-encoding',
  'content-type',
  'content-encoding',
  'content-language',
  'content-location',
  'content-range',
  'content-digest',
  'digest',
  'last-modified',
  'trailer',
  'expect',
];

/**
 * The request that `response`, a redirect with a Location, asks for after `request`. `sensitive`: lower-case names of
 * further fields that only the first origin may see.
 * @throws RemoteProtocolError for a Location that leads nowhere; UnsupportedProtocol for one to anything but http and https
 */
export function redirected(request: Request, response: Response, sensitive: ReadonlySet<string>): Request {
  const url = targetOf(request, response);
  const method = methodAfter(response.statusCode, request);
  const headers = request.headers.copy();
  const keepsBody = method === request.method;
  if (!keepsBody) for (const name of BODY_FIELDS) headers.delete(name);
  // A digest is of one URI (RFC 7616 §3.4.6): at another it says nothing but who asked.
  if (/^digest[ \t]/i.test(headers.get('authorization') ?? '')) headers.delete('authorization');
  const leaves = !isSameOrigin(request.url, url);
  if (leaves) leaveOrigin(headers, url, sensitive);
  // What cookies the next request has is for who keeps them to say.
  headers.delete('cookie');
  const extensions = carried(request.extensions, request.url.isWeb && request.url.origin.host === url.origin.host);
  const body = keepsBody ? request.stream : NO_BODY;
  const leftOrigin = leaves || request.leftOrigin;
  const next = new Request(method, url, new Prepared(headers, body, extensions, leftOrigin, request.withoutCookies));
  next.redirectsAsFetch = request.redirectsAsFetch;
  return next;
}

/**
 * 303 asks for the answer with GET; so do, by custom, 302, and 301 to POST. QUERY is no POST: only 303 changes it. For Fetch
 * (§4.4) 302 is as 301.
 */
function methodAfter(status: number, { method, redirectsAsFetch }: Request): string {
  if (status === 303 && method !== 'HEAD') return 'GET';
  if (status === 302 && !redirectsAsFetch && method !== 'HEAD' && method !== 'QUERY') return 'GET';
  if ((status === 301 || status === 302) && method === 'POST') return 'GET';
  return method;
}

/** Whatever changes, scheme, host or port: credentials stay behind (SECURITY 6.1). */
function leaveOrigin(headers: Headers, to: URL, sensitive: ReadonlySet<string>): void {
  headers.delete('authorization');
  headers.delete('proxy-authorization');
  for (const name of sensitive) headers.delete(name);
  headers.set('Host', to.origin.hostField);
}

/** A target was for the first URL; a name for SNI and the certificate, for its host. */
function carried(extensions: RequestExtensions, sameHost: boolean): RequestExtensions {
  const { target, sniHostname } = extensions;
  const nameStays = sameHost || sniHostname === undefined || sniHostname === null;
  if ((target === undefined || target === null) && nameStays) return extensions;
  const made: Record<string, unknown> = Object.assign(Object.create(null), extensions, { target: null });
  if (!nameStays) made.sniHostname = null;
  return Object.freeze(made);
}

/** `to` can be sent; `from` may be of a transport that knows other schemes. */
function isSameOrigin(from: URL, to: URL): boolean {
  return from.isWeb && from.origin.equals(to.origin);
}

function targetOf(request: Request, response: Response): URL {
  const from = request.url;
  const refuse = (why: string, cause?: unknown): RemoteProtocolError => {
    const message = `Cannot follow the redirect of ${shown(from)}: ${why}`;
    return new RemoteProtocolError(message, { cause, request });
  };
  const [location = '', ...others] = new Set(locationsOf(response.headers));
  if (others.length > 0) {
    throw refuse(`there are ${others.length + 1} Location fields that differ (RFC 9110 §10.2.2)`);
  }
  const scheme = SCHEME.exec(location)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') {
    const message = `Cannot follow the redirect of ${shown(from)}: its Location has the protocol '${scheme}:'`;
    throw new UnsupportedProtocol(`${message}, and only http and https are followed`, { request, sent: 'full' });
  }
  try {
    const url = resolved(from, new URL(location), location);
    return from.fragment === '' || url.fragment !== '' ? url : url.copyWith({ fragment: from.fragment });
  } catch (cause) {
    if (!(cause instanceof InvalidURL)) throw cause;
    throw refuse(`its Location is no URL that can be sent: ${cause.message}`, cause);
  }
}

/** @throws InvalidURL unless both ways to read a URL lead to the same origin. */
function resolved(from: URL, reference: URL, text: string): URL {
  // Credentials that a server chose are nobody's.
  const bare = reference.hasUserinfo ? reference.copyWith({ userinfo: null }) : reference;
  // A scheme without a host is of the host that was asked (httpx).
  const whole = bare.scheme !== '' && bare.host === '' ? bare.copyWith({ host: from.host }) : bare;
  const url = whole.isAbsoluteUrl ? whole : from.resolve(whole);
  if (!url.isWeb) throw new InvalidURL(`expected http or https, got ${JSON.stringify(url.scheme)}`);
  const { origin } = url;
  let read: string;
  try {
    read = new globalThis.URL(text, from.href).origin;
  } catch (cause) {
    throw new InvalidURL('it is none by the WHATWG rules', { cause });
  }
  if (read !== origin.toString()) {
    throw new InvalidURL(`it leads to ${origin}, but by the WHATWG rules to ${read}`);
  }
  return url;
}

/** The values of the Location fields: UTF-8, as httpx reads it; other octets, encoded, name what the server named. */
function locationsOf(headers: Headers): string[] {
  const values = headers.octetItems().filter(([name]) => name === 'location');
  return values.map(([, octets]) => textOf(octets));
}

function textOf(octets: string): string {
  if (/^[\0-\x7f]*$/.test(octets)) return octets;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.from(octets, (octet) => octet.charCodeAt(0)),
    );
  } catch {
    return octets.replace(/[\x80-\xff]/g, encodeOctet);
  }
}

function encodeOctet(octet: string): string {
  return `%${octet.charCodeAt(0).toString(16).toUpperCase()}`;
}
