/**
 * What a page may not do with fetch, in words: fields that it may not set (Fetch §2.2.2), redirects that it is not shown (§4.4),
 * failures whose reason it is not told. Other hosts that have a fetch forbid none of these; it forbids them by silence.
 */
import { LocalProtocolError, UnsupportedProtocol } from '../exceptions.js';

/** Fetch lets a page name itself; Chromium does not, and is not to fail for it. */
const OF_BROWSERS = 'user-agent';

/** @throws LocalProtocolError if the host left out fields that it was given, which it does without a word */
export function checkFieldsKept(given: readonly (readonly [string, unknown])[], kept: globalThis.Headers): void {
  const dropped = given.map(([name]) => name).filter((name) => !kept.has(name) && name.toLowerCase() !== OF_BROWSERS);
  if (dropped.length === 0) return;
  throw new LocalProtocolError(`Cannot fetch: a page may not set ${dropped.join(', ')} (Fetch §2.2.2)`);
}

/** What the client is told of a redirect that is hidden. */
export function hiddenRedirect(where: string): UnsupportedProtocol {
  return new UnsupportedProtocol(
    `Cannot follow the redirect of ${where}: a browser does not show redirects; ` +
      "new FetchTransport({ redirect: 'follow' }) lets it follow them itself",
  );
}

/** What may be behind a failure that a page is told nothing of. */
export function perhapsForbidden(streamsBody: boolean): string {
  return ` (no connection, or CORS${streamsBody ? ', or an upload that streams, which takes HTTP/2' : ''}: a page is not told)`;
}
