/**
 * What a page may not do with fetch, in words: fields that it may not set (Fetch §2.2.2), failures whose reason it is not told.
 * Other hosts that have a fetch forbid none of these; a browser does by silence.
 */
import { LocalProtocolError } from '../../exceptions.js';
import { USER_AGENT } from '../../version.js';
import type { PageRules } from '../host.js';

/** Fetch lets a page name itself; Chromium does not, and is not to fail for it. */
const OF_BROWSERS = 'user-agent';

export const page: PageRules = {
  // The browser names itself; a name of ours would make it ask the server for leave first (CORS).
  left: (userAgent, those) => (userAgent === USER_AGENT ? new Set([...those, OF_BROWSERS]) : those),

  checkFieldsKept(given, kept) {
    const dropped = given.filter((name) => !kept.has(name) && name.toLowerCase() !== OF_BROWSERS);
    if (dropped.length === 0) return;
    throw new LocalProtocolError(`Cannot fetch: a page may not set ${dropped.join(', ')} (Fetch §2.2.2)`);
  },

  perhapsForbidden(streamsBody) {
    const uploads = streamsBody ? ', or the upload was to stream, which browsers do over HTTP/2 alone' : '';
    return ` (there is no connection, or CORS forbids it${uploads}: a page is not told which)`;
  },
};
