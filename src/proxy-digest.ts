/**
 * Digest authentication with a proxy (RFC 7616 §3.8): the challenge of a 407 is answered once, and remembered for the
 * requests that follow. One of these serves one transport, whichever origins its requests are for.
 */
import type { ProxyAuthenticator } from './connect-handshake.js';
import { type Credentials, DigestSession, digestChallengeOf, hex, stillLoading } from './digest.js';
import { isThenable } from './flow.js';
import type { Headers } from './headers.js';
import type { Digests, Host } from './hosts/host.js';
import type { MaybePromise } from './hosts/socket.js';

/** Octets of randomness in a client nonce, which has two digits for each (httpx). */
const CNONCE_OCTETS = 8;
const NO_BODY = new Uint8Array(0);

/** Answers a proxy's challenges. */
export class ProxyDigest implements ProxyAuthenticator {
  readonly #credentials: Credentials;
  readonly #host: Pick<Host, 'random' | 'digests'>;
  #digests: Digests | null = null;
  #session: DigestSession | null = null;

  constructor(credentials: Credentials, host: Pick<Host, 'random' | 'digests'>) {
    this.#credentials = credentials;
    this.#host = host;
  }

  /**
   * Must be waited for before all else: a host may have to load its hash functions.
   * @throws LocalProtocolError if who blocks would have to wait
   */
  ready(blocking: boolean): MaybePromise<unknown> {
    if (this.#digests !== null) return undefined;
    const digests = this.#host.digests();
    const keep = (loaded: Digests): void => {
      this.#digests = loaded;
    };
    if (!isThenable(digests)) return keep(digests as Digests);
    if (!blocking) return digests.then(keep);
    digests.then(undefined, () => {});
    throw stillLoading('none');
  }

  get nonce(): string | null {
    const session = this.#session;
    return session === null || session.isUsedUp ? null : session.challenge.nonce;
  }

  authorization(method: string, uri: string, body: Uint8Array | null = NO_BODY): Uint8Array<ArrayBuffer> | null {
    const session = this.#session;
    if (session === null || session.isUsedUp) return null;
    return session.authorization(this.#credentials, { method, uri, body });
  }

  /** @throws ProtocolError for challenges that are all malformed */
  challenged(headers: Headers, answered: string | null): boolean {
    const challenge = digestChallengeOf(headers.octetsOf('proxy-authenticate'));
    const before = this.#session;
    if (challenge === null || this.#digests === null) return false;
    // Credentials that were refused are wrong, unless the proxy says that only their nonce is.
    if (challenge.nonce === answered && !challenge.stale) return false;
    const cnonce = (): string => hex(this.#host.random(CNONCE_OCTETS));
    this.#session =
      before?.challenge.nonce === challenge.nonce
        ? before.renewed(challenge)
        : new DigestSession(challenge, this.#digests, cnonce);
    return true;
  }
}
