/**
 * Where Digest is answered otherwise than httpx does it. What is expected in its place is computed here, by Node's own hash
 * functions.
 */
import { createHash } from 'node:crypto';
import type { Deviation } from './httpx-flows-deviations.js';
import type { Outcome, Scenario, SeenRequest, SeenResponse } from './httpx-scenario.js';

const URL_ = 'https://example.org/';
const CNONCE = '0123456789abcdef';

interface Answer {
  readonly user?: string;
  readonly password?: string;
  readonly realm?: string;
  readonly nonce?: string;
  readonly uri?: string;
  /** As the server spells it, and the hash that Node knows it by. */
  readonly algorithm?: readonly [string, string];
  readonly opaque?: string;
  readonly qop?: 'auth' | 'auth-int' | null;
}

const utf8 = (text: string): string => Buffer.from(text).toString('latin1');
const quoted = (octets: string): string => `"${octets.replace(/["\\]/g, '\\$&')}"`;

/** The value of Authorization, in octets. */
function authorization(answer: Answer): string {
  const { user = 'user', password = 'password123', realm = 'r', nonce = 'n', uri = '/', opaque, qop = null } = answer;
  const [algorithm, hash] = answer.algorithm ?? ['MD5', 'md5'];
  const hashed = (...parts: string[]): string => createHash(hash).update(parts.join(':'), 'latin1').digest('hex');
  const secret = hashed(utf8(user), realm, utf8(password));
  const subject = qop === 'auth-int' ? hashed('GET', uri, hashed('')) : hashed('GET', uri);
  const counted = qop === null ? [] : ['00000001', CNONCE, qop];
  return [
    `Digest username=${quoted(utf8(user))}`,
    `realm=${quoted(realm)}`,
    `nonce="${nonce}"`,
    `uri="${uri}"`,
    `response="${hashed(secret, nonce, ...counted, subject)}"`,
    `algorithm=${algorithm}`,
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
    ...(qop === null ? [] : [`qop=${qop}`, 'nc=00000001', `cnonce="${CNONCE}"`]),
  ].join(', ');
}

const plainOf = ({ requests }: Outcome): SeenRequest => requests?.[0] as SeenRequest;
const without401 = { is_closed: true, body_b64: 'ZmluYWw=', next_request: null };
const passed = (status: number, url: string, length: number) => ({
  status,
  url,
  history_length: length,
  is_closed: true,
});

/** The challenge is answered after all, and what follows is the answer. */
function answered(answer: Answer): Deviation['ours'] {
  return (expected) => {
    const plain = plainOf(expected);
    const second = { ...plain, headers: [...plain.headers, ['Authorization', authorization(answer)] as const] };
    const response: SeenResponse = { ...without401, status: 200, url: URL_, history: [passed(401, URL_, 0)] };
    return { ...expected, requests: [plain, second], results: [response] };
  };
}

/** The challenge is left alone: the 401 is the answer. */
const unanswered: Deviation['ours'] = (expected) => {
  const response: SeenResponse = {
    status: 401,
    url: URL_,
    history: [],
    is_closed: true,
    body_b64: '',
    next_request: null,
  };
  return { ...expected, requests: [plainOf(expected)], results: [response] };
};

const isCase =
  (...ids: readonly string[]): Deviation['applies'] =>
  ({ id }: Scenario) =>
    ids.some((each) => id === `auth/${each}`);
const bare = (request: SeenRequest, url: string): SeenRequest => ({
  ...request,
  url,
  headers: request.headers.filter(([name]) => name !== 'Authorization'),
});

export const digestDeviations: readonly Deviation[] = [
  {
    overruledBy: 'vectors/protocol digest-auth, challenge-unknown-alg: an unknown algorithm is ignored; HTTPX §24.11',
    applies: isCase('digest_algorithm_unknown/67532e4d57', 'digest_algorithm_unknown/df0479206b'),
    ours: unanswered,
  },
  {
    overruledBy: 'RFC 7616 §3.2: SHA-512-256 is one of the algorithms',
    applies: isCase('digest_algorithm_unknown/f7a0ea31a3'),
    ours: answered({
      realm: 'httpx@example.org',
      nonce: 'ee96edced2a0b43e4869e96ebe27563f',
      algorithm: ['SHA-512-256', 'sha512-256'],
      opaque: 'ee6378f3ee14ebfd',
      qop: 'auth',
    }),
  },
  {
    overruledBy: 'RFC 9110 §11.6.1: a token behind a comma is another challenge; HTTPX §24.11',
    applies: isCase('digest_challenge/4e03448fb3'),
    ours: answered({}),
  },
  {
    overruledBy: 'RFC 9110 §11.2: names of parameters are case-insensitive',
    applies: isCase('digest_challenge/eb7583e069'),
    ours: answered({}),
  },
  {
    overruledBy: 'vectors/protocol digest-auth, digest-gen: quotes are escaped in the field and hashed unescaped',
    applies: isCase('digest_challenge/c191345a77', 'digest_credentials/581d35db6b'),
    ours: (expected, scenario) =>
      scenario.id.includes('challenge')
        ? answered({ realm: 'a"b' })(expected, scenario)
        : answered({ user: 'us"er', password: 'p', qop: 'auth' })(expected, scenario),
  },
  {
    overruledBy: 'RFC 7616 §4: names are UTF-8, and what the server says is sent back as it came; HTTPX §24.10',
    applies: isCase('digest_challenge/d8310e5a9d', 'digest_credentials/6d773f55c5'),
    ours: (expected, scenario) =>
      scenario.id.includes('challenge')
        ? answered({ realm: 'caf\xc3\xa9' })(expected, scenario)
        : answered({ user: 'café', password: '☃', qop: 'auth' })(expected, scenario),
  },
  {
    overruledBy: 'vectors/protocol digest-auth, digest-gen-1, RFC 7616 §3.4.3: auth-int is answered',
    applies: isCase('digest_qop/658eae95f0', 'digest_qop/4beffebe6e'),
    ours: answered({ qop: 'auth-int' }),
  },
  {
    overruledBy: 'HTTPX §24.14: responses of Digest do not count as redirects',
    applies: isCase('digest_limits/e20a4dbca1'),
    ours: answered({ nonce: 'n1', opaque: 'o', qop: 'auth' }),
  },
  {
    overruledBy:
      'RFC 6265bis §5.8.3: the cookies of a request are those that there are, those of the challenge among them',
    applies: isCase('digest_cookies/3afe59bf33'),
    ours: (expected) => {
      const [first, second] = expected.requests as [SeenRequest, SeenRequest];
      const headers = second.headers.filter(([name]) => name !== 'Cookie');
      return { ...expected, requests: [first, { ...second, headers: [...headers, ['Cookie', 'c=2; s=1'] as const] }] };
    },
  },
  {
    overruledBy: 'HTTPX §24.2: a digest for one URI is not sent to another, where a redirect leads',
    applies: isCase('digest_redirect/0d5b63a3bf', 'digest_redirect/71b1501919'),
    ours: (expected) => {
      const requests = (expected.requests ?? []).map((request, i) => (i === 2 ? bare(request, request.url) : request));
      const results = (expected.results as readonly SeenResponse[]).map((response) => {
        const { next_request: next } = response;
        return next === null ? response : { ...response, next_request: bare(next as SeenRequest, next.url) };
      });
      return { ...expected, requests, results };
    },
  },
  {
    overruledBy:
      'HTTPX §24.2, §24.14: the challenge of a redirect’s target is answered there, and the redirect is history',
    applies: isCase('digest_redirect/f56523cc54'),
    ours: (expected) => {
      const url = `${URL_}t`;
      const [first, second] = expected.requests as [SeenRequest, SeenRequest];
      const answer = authorization({ nonce: 'n1', opaque: 'o', qop: 'auth', uri: '/t' });
      const third = { ...second, headers: [...second.headers, ['Authorization', answer] as const] };
      const history = [passed(302, URL_, 0), passed(401, url, 1)];
      return { requests: [first, second, third], results: [{ ...without401, status: 200, url, history }] };
    },
  },
];
