/**
 * Requests and URLs as messages of errors name them: without what may be secret. A path is shown; userinfo, what a query
 * holds and the fragment are not.
 */
import type { Request } from './request.js';

/** Scheme and slashes, which an authority follows. */
const BEFORE_AUTHORITY = /^(?:[a-z][a-z\d+.-]*:)?\/\//i;
/** What a reference without an authority holds that may have been meant as userinfo: not `/@scope/name`. */
const MAYBE_USERINFO = /^(?:[^/].*|.*:.*)?@/s;

/** `GET https://example.org/items?…`. @internal */
export function attempted({ method, url }: Request): string {
  return `${method} ${withoutSecrets(url.href)}`;
}

/** A URL, or a reference to one, as text: `https://example.org/items?…`. @internal */
export function withoutSecrets(text: string): string {
  const end = text.search(/[?#]/);
  const path = end < 0 ? text : text.slice(0, end);
  const query = end >= 0 && text[end] === '?' ? '?…' : '';
  const start = BEFORE_AUTHORITY.exec(path)?.[0];
  if (start !== undefined) return start + path.slice(start.length).replace(/^[^/]*@/, '') + query;
  if (!MAYBE_USERINFO.test(text)) return path + query;
  // A password may hold '/', '?' and '#' here.
  return `…${path.slice(Math.min(text.lastIndexOf('@'), path.length))}${query}`;
}
