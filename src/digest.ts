/**
 * Digest access authentication as such (RFC 7616, and RFC 2069 where a server names no qop): which challenge is answered, and
 * with what. Pure but for the count of a nonce; hash functions and client nonces come from outside. Text is octets, one per
 * code unit: user and password in UTF-8, what the server said as it said it.
 *
 * Shared by the auth of requests and by that of proxies. When to answer, and whom, is theirs to decide.
 */
import { challengesOf } from './challenges.js';
import { LocalProtocolError, ProtocolError } from './exceptions.js';
import { octetsOfText } from './fields.js';
import type { Digests } from './hosts/host.js';

type Hash = keyof Digests;

/** Strongest last. Of two that are equally strong the first that was offered is taken. */
const HASHES: readonly Hash[] = ['md5', 'sha1', 'sha256', 'sha512_256', 'sha512'];
const HASH_OF: ReadonlyMap<string, Hash> = new Map([
  ['MD5', 'md5'],
  ['SHA', 'sha1'],
  ['SHA-256', 'sha256'],
  ['SHA-512-256', 'sha512_256'],
  ['SHA-512', 'sha512'],
]);
const SESSION = /-sess$/i;
const COUNT_MAX = 0xffffffff;

/** What a response is computed from, on the server's side. */
interface Asked {
  readonly realm: string;
  readonly nonce: string;
  /** As the server spells it. */
  readonly algorithm: string;
  /** `null`: none, as in RFC 2069. */
  readonly qop: 'auth' | 'auth-int' | null;
}

/** A challenge that can be answered. */
export interface DigestChallenge extends Asked {
  readonly hash: Hash;
  readonly opaque: string;
  /** The old nonce was right once: the credentials are not what is wrong. */
  readonly stale: boolean;
  /** The user's name is sent hashed. */
  readonly userhash: boolean;
  /** URIs, parted by spaces, below which the challenge holds; '': everywhere on the server. */
  readonly domain: string;
}

/** Who asks, and for what. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** For a blocking call that needs hash functions which its host has not yet. Most have them at once. */
export function stillLoading(sent: 'none' | 'full'): LocalProtocolError {
  return new LocalProtocolError(
    'Cannot answer a Digest challenge: this host is still loading the hash functions, and a blocking call cannot wait for ' +
      'them; call again in a later turn of the event loop',
    { sent },
  );
}

/** A request, as far as a response speaks of it. */
export interface DigestSubject {
  readonly method: string;
  /** The request target. */
  readonly uri: string;
  /** Its content, `null` if that is not in memory. */
  readonly body: Uint8Array | null;
}

/**
 * The strongest challenge that field values, in the order they came, offer for Digest; `null` if they offer none, or none
 * with an algorithm that is known.
 * @throws ProtocolError if all that they offer is malformed, or has no known qop
 */
export function digestChallengeOf(fields: readonly string[]): DigestChallenge | null {
  let best: DigestChallenge | null = null;
  let problem: string | null = null;
  for (const field of fields) {
    const challenges = challengesOf(field);
    if (challenges === null && /^digest[ \t]/i.test(field)) problem ??= 'it is no list of parameters';
    for (const { scheme, params } of challenges ?? []) {
      if (scheme !== 'digest' || params.size === 0) continue;
      const read = readChallenge(params);
      if (typeof read === 'string') problem ??= read;
      else if (read !== null && (best === null || HASHES.indexOf(read.hash) > HASHES.indexOf(best.hash))) best = read;
    }
  }
  if (best !== null || problem === null) return best;
  throw new ProtocolError(`Cannot answer the Digest challenge: ${problem} (RFC 7616 §3.3)`);
}

/** The challenge; `null` if its algorithm is unknown; else what is wrong about it. */
function readChallenge(params: ReadonlyMap<string, string>): DigestChallenge | string | null {
  const realm = params.get('realm');
  const nonce = params.get('nonce');
  if (realm === undefined || nonce === undefined) return `it has no ${realm === undefined ? 'realm' : 'nonce'}`;
  const algorithm = params.get('algorithm') ?? 'MD5';
  const hash = HASH_OF.get(algorithm.replace(SESSION, '').toUpperCase());
  if (hash === undefined) return null;
  const offered = params.get('qop');
  const qop = offered === undefined ? null : qopOf(offered);
  if (qop === undefined) return `its qop is neither auth nor auth-int, but ${JSON.stringify(offered)}`;
  const says = (name: string): boolean => params.get(name)?.toLowerCase() === 'true';
  const [opaque, domain] = [params.get('opaque') ?? '', params.get('domain') ?? ''];
  return { realm, nonce, algorithm, qop, hash, opaque, domain, stale: says('stale'), userhash: says('userhash') };
}

function qopOf(offered: string): 'auth' | 'auth-int' | undefined {
  // Not before the first: such a list is refused (httpx).
  const options = offered.toLowerCase().split(/,|(?<=\S)\s+/);
  return options.includes('auth') ? 'auth' : options.includes('auth-int') ? 'auth-int' : undefined;
}

/** What only the client knows, and the count and the nonce of its own. */
interface Answer extends Credentials, Omit<DigestSubject, 'body'> {
  readonly body: Uint8Array;
  readonly nc: string;
  readonly cnonce: string;
}

/** The value of `response` (RFC 7616 §3.4.1), in hexadecimal. @throws RangeError for an unknown algorithm */
export function digestResponse(digests: Digests, asked: Asked, answer: Answer): string {
  const { realm, nonce, algorithm, qop } = asked;
  const { username, password, method, uri, body, nc, cnonce } = answer;
  const name = HASH_OF.get(algorithm.replace(SESSION, '').toUpperCase());
  if (name === undefined) throw new RangeError(`Cannot compute a digest: ${JSON.stringify(algorithm)} is not known`);
  const hash = digests[name];
  const hashed = (...parts: string[]): string => hex(hash(octetsOfText(parts.join(':'))));
  const plain = hashed(username, realm, password);
  const secret = SESSION.test(algorithm) ? hashed(plain, nonce, cnonce) : plain;
  const subject = qop === 'auth-int' ? hashed(method, uri, hex(hash(body))) : hashed(method, uri);
  return qop === null ? hashed(secret, nonce, subject) : hashed(secret, nonce, nc, cnonce, qop, subject);
}

/** A challenge that is being answered: it counts how often. */
export class DigestSession {
  readonly challenge: DigestChallenge;
  readonly #digests: Digests;
  readonly #cnonce: () => string;
  /** Of a `-sess` algorithm: one for all requests, since the server may have computed the session's key from the first. */
  #kept: string | null = null;
  #count = 0;

  /** `cnonce`: makes a client nonce, from octets that nobody can guess. */
  constructor(challenge: DigestChallenge, digests: Digests, cnonce: () => string) {
    this.challenge = challenge;
    this.#digests = digests;
    this.#cnonce = cnonce;
  }

  /** No more requests can be counted. */
  get isUsedUp(): boolean {
    return this.#count === COUNT_MAX;
  }

  /** The same nonce once more, with what a later challenge says about it: counting goes on, no count is sent twice. */
  renewed(challenge: DigestChallenge): DigestSession {
    const session = new DigestSession(challenge, this.#digests, this.#cnonce);
    session.#count = this.#count;
    session.#kept = this.#kept;
    return session;
  }

  /**
   * The value of Authorization, or of Proxy-Authorization, for one request: octets.
   * @throws LocalProtocolError if the server wants a digest of content that is not in memory
   */
  authorization({ username, password }: Credentials, { method, uri, body }: DigestSubject): Uint8Array<ArrayBuffer> {
    const { realm, nonce, algorithm, opaque, qop, hash, userhash } = this.challenge;
    if (qop === 'auth-int' && body === null) {
      throw new LocalProtocolError(
        'Cannot authenticate: the server wants the content in the digest (qop=auth-int), and this is a stream: ' +
          'read the request first',
      );
    }
    const nc = (++this.#count).toString(16).padStart(8, '0');
    const cnonce = this.#kept ?? this.#cnonce();
    if (SESSION.test(algorithm)) this.#kept = cnonce;
    const answer = { username, password, method, uri, body: body ?? new Uint8Array(), nc, cnonce };
    const response = digestResponse(this.#digests, this.challenge, answer);
    const user = userhash ? hex(this.#digests[hash](octetsOfText(`${username}:${realm}`))) : username;
    const parts = [
      `username=${quoted(user)}`,
      `realm=${quoted(realm)}`,
      `nonce=${quoted(nonce)}`,
      `uri=${quoted(uri)}`,
      `response="${response}"`,
      `algorithm=${algorithm}`,
    ];
    if (opaque !== '') parts.push(`opaque=${quoted(opaque)}`);
    if (qop !== null) parts.push(`qop=${qop}`, `nc=${nc}`, `cnonce=${quoted(cnonce)}`);
    if (userhash) parts.push('userhash=true');
    return octetsOfText(`Digest ${parts.join(', ')}`);
  }
}

function quoted(octets: string): string {
  return `"${octets.replace(/["\\]/g, '\\$&')}"`;
}

/** Two lower-case digits for each octet. */
export function hex(octets: Uint8Array): string {
  let digits = '';
  for (const octet of octets) digits += octet.toString(16).padStart(2, '0');
  return digits;
}
