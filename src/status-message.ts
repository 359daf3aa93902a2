/** What is said of a response whose status is no success (httpx). */
import { type Request, shown, shownReference } from './request.js';
import type { Response } from './response.js';

/** By the first digit of the status. */
const KINDS = [
  'Invalid status code',
  'Informational response',
  'Success',
  'Redirect response',
  'Client error',
  'Server error',
];

/** Status and URL, passwords masked, and where a redirect leads. @internal */
export function statusMessage(response: Response, request: Request): string {
  const { statusCode, reasonPhrase } = response;
  const kind = KINDS[Math.floor(statusCode / 100)] ?? KINDS[0];
  const locations = response.hasRedirectLocation ? response.headers.getList('location') : [];
  const where = locations.length > 0 ? `\nRedirect location: '${locations.map(shownReference).join(', ')}'` : '';
  return (
    `${kind} '${statusCode} ${reasonPhrase}' for url '${shown(request.url)}'${where}` +
    `\nFor more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/${statusCode}`
  );
}
