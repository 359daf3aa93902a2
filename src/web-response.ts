/**
 * A response as a WHATWG one, for code that knows those. What the platform's `Response` cannot be told when it is made, the
 * URL it came from and a status beyond 599, is defined on it afterwards, and on its clones.
 */
import type { Response } from './response.js';

/** Statuses whose responses have no body (Fetch §2.2.3). */
const BODILESS: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);
const WEB_STATUS_MAX = 599;
/** Fields that would lie about a body that has been decoded. */
export const OF_CODED_BODY: readonly string[] = ['content-encoding', 'content-length'];

/** What is defined on a WHATWG response. */
interface Facts {
  readonly url: string;
  readonly redirected: boolean;
  readonly status: number;
}

/** True if no body belongs to it. */
export function isBodiless({ statusCode, asked }: Response): boolean {
  return BODILESS.has(statusCode) || asked?.method === 'HEAD';
}

/** The URL as a WHATWG response tells it, without credentials and fragment; '' if it came from nowhere. */
function urlOf({ asked }: Response): string {
  if (asked === null) return '';
  const shown = asked.url.copyWith({ userinfo: null, fragment: null });
  return shown.isAbsoluteUrl ? shown.toWeb().href : shown.href;
}

/**
 * The response with what `body` gives, decoded, if one belongs to it, and its fields but for those of `without`.
 * @throws TypeError for a response that is no message of HTTP alone: 101, whose connection is the body
 */
export function webResponse(
  response: Response,
  body: () => ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>,
  without: readonly string[],
): globalThis.Response {
  const { statusCode: status, reasonPhrase: statusText } = response;
  if (status < 200) {
    throw new TypeError(`Cannot make a globalThis.Response: it cannot have the status ${status} (Fetch §5.5)`);
  }
  const fields = response.headers.octetItems().filter(([name]) => !without.includes(name));
  const init = { status: Math.min(status, WEB_STATUS_MAX), statusText, headers: fields as [string, string][] };
  const web = new globalThis.Response(isBodiless(response) ? null : body(), init);
  const redirected = response.history.some(({ hasRedirectLocation }) => hasRedirectLocation);
  return dressed(web, { url: urlOf(response), redirected, status });
}

function dressed(web: globalThis.Response, facts: Facts): globalThis.Response {
  const { url, redirected, status } = facts;
  Object.defineProperties(web, {
    url: { value: url },
    redirected: { value: redirected },
    clone: { value: () => dressed(globalThis.Response.prototype.clone.call(web), facts) },
  });
  if (web.status !== status) Object.defineProperty(web, 'status', { value: status });
  return web;
}
