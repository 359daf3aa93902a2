/** The base URL of a client: how it is kept, and what a relative URL means behind it (httpx). */
import { UnsupportedProtocol } from './exceptions.js';
import { shownUrl, URL, type URLTypes } from './url.js';

/** The base URL, its path ending in '/' and encoded as it was given. @throws InvalidURL */
export function asBase(url: URLTypes): URL {
  const base = url instanceof URL ? url : new URL(url);
  if (base.href === '') return base;
  const { target } = base;
  const at = target.indexOf('?');
  const path = at < 0 ? target : target.slice(0, at);
  return path.endsWith('/') ? base : base.copyWith({ rawPath: `${path}/${target.slice(path.length)}` });
}

/**
 * A relative URL behind a base's path: never above it by a leading '/'; the reference's own query and fragment (httpx).
 * @throws UnsupportedProtocol for a base that is itself relative: it can be kept and read (httpx), not sent to
 */
export function behind(base: URL, reference: URL): URL {
  if (base.isRelativeUrl) {
    throw new UnsupportedProtocol(
      `Cannot put baseUrl before ${shownUrl(reference)}: expected it to begin with 'http://' or 'https://' and a host, ` +
        `got ${shownUrl(base)}${hintFor(base)}`,
    );
  }
  const { href } = reference;
  const text = reference.target.replace(/^\/+/, '');
  const hash = href.indexOf('#');
  const fragment = hash < 0 ? null : href.slice(hash + 1);
  if (text === '') return base.copyWith({ rawPath: base.target, fragment });
  const at = base.target.indexOf('?');
  const path = at < 0 ? base.target : base.target.slice(0, at);
  return base.copyWith({ rawPath: path + text, fragment });
}

/** What is like a host in front of a path: a name with a dot in it, or one with a port. */
const HOST = /^(?:[\w-]+\.[\w.-]+|[\w.-]+:\d+|localhost)\//;

/** A base without a scheme is mostly a host whose scheme was left out. */
function hintFor({ href }: URL): string {
  return HOST.test(href) ? '; to reach that host, write one of the two before it' : '';
}
