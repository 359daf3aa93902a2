/** A request as messages of errors name it: method and URL, without what may be secret in that: password and query. */
import type { Request } from './request.js';

/** `GET https://example.org/items?…`. @internal */
export function attempted({ method, url }: Request): string {
  return `${method} ${url.toJSON().replace(/#.*$/s, '').replace(/\?.*$/s, '?…')}`;
}
