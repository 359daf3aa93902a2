/**
 * Which protocol a connection speaks: what TLS offers, and what its answer means (RFC 7301 §3, RFC 9113 §3). The answer is
 * obeyed to the letter: nothing is guessed from what a peer sends.
 */
import { ConnectError } from './exceptions.js';
import { flagOf } from './options.js';

/** The protocols of connections, by their ALPN names. */
export type Version = 'http/1.1' | 'h2';

/** Which versions may be spoken. */
export interface Versions {
  readonly http1: boolean;
  readonly http2: boolean;
}

/** HTTP/1.1 alone. */
export const HTTP_1_1_ONLY: Versions = Object.freeze({ http1: true, http2: false });

/** @throws TypeError for what is no boolean, and if nothing is left to speak. */
export function versionsOf(http1: unknown, http2: unknown): Versions {
  const versions = { http1: flagOf(http1, 'http1') ?? true, http2: flagOf(http2, 'http2') ?? false };
  if (versions.http1 || versions.http2) return versions;
  throw new TypeError('Cannot make a transport: http1 and http2 are both off; one of them must be on');
}

/** What TLS offers, the best first. */
export function alpnOf({ http1, http2 }: Versions): readonly string[] {
  if (!http2) return ['http/1.1'];
  return http1 ? ['h2', 'http/1.1'] : ['h2'];
}

/** Whether one connection may come to serve many requests at a time. Without TLS, HTTP/2 is spoken only if nothing else is. */
export function mayMultiplex({ http1, http2 }: Versions, secure: boolean): boolean {
  return http2 && (secure || !http1);
}

/**
 * What is spoken on a connection whose TLS agreed on `alpn`; `null`: on nothing, or there is no TLS.
 * @throws ConnectError for what was not offered, and if nothing was agreed on where HTTP/1.1 is off
 */
export function versionOf(alpn: string | null, versions: Versions, secure: boolean, origin: string): Version {
  if (!secure) return mayMultiplex(versions, false) ? 'h2' : 'http/1.1';
  if (alpn === null && versions.http1) return 'http/1.1';
  if (alpn !== null && alpnOf(versions).includes(alpn)) return alpn as Version;
  const why =
    alpn === null
      ? 'the peer did not agree to HTTP/2 by ALPN, and HTTP/1.1 is off (http1: false)'
      : `the peer selected ${JSON.stringify(alpn)} by ALPN, which was not offered (RFC 7301 §3.2)`;
  throw new ConnectError(`Cannot connect to ${origin}: ${why}`, { phase: 'tls', sent: 'none', retryable: false });
}
