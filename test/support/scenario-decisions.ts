/**
 * What the prose of `h1-scenarios.json` means for this client, decided once. test/client/scenario-decisions.md says the same
 * in words; a test holds the two to the same ids. Scenarios whose `expect.results` are plain need no decision: status and
 * body, or the count of connections, speak for themselves.
 */
import { expect } from 'vitest';
import type { Request } from '../../src/index.js';
import type { Settings } from './clients.js';
import type { ScriptedServer } from './scripted-server.js';

/** One scenario, played. */
export interface Played {
  readonly server: ScriptedServer;
  /** One word per request: `200 text`, or the error's class. */
  readonly outcomes: readonly string[];
  readonly errors: readonly unknown[];
}

export interface Decision {
  readonly sentence: string;
  readonly options?: Settings;
  /** Per request, the outcomes that are right. */
  readonly outcomes?: readonly (readonly string[])[];
  readonly check?: (played: Played) => void;
}

/** Octets that the kernels of a loopback connection hold without any reader: send and receive buffers, both at their most. */
const KERNEL_OCTETS = 12 * 1024 * 1024;

function boundedAt(octets: number): (played: Played) => void {
  return ({ server }) => expect(server.octetsTaken).toBeLessThanOrEqual(octets + KERNEL_OCTETS);
}

function bodyArrivedAfter(played: Played, leastMs: number): void {
  const peer = played.server.peer(0);
  const headOctets = peer.heads[0]?.length ?? 0;
  const head = peer.arrivals.find(({ octetsHeard }) => octetsHeard >= headOctets);
  const body = peer.arrivals.find(({ octetsHeard }) => octetsHeard > headOctets);
  const waitedMs = (body?.at ?? Number.NaN) - (head?.at ?? Number.NaN);
  expect(waitedMs).toBeGreaterThanOrEqual(leastMs);
}

const FOLLOW: Settings = { followRedirects: true };
/** The script ends after the redirect: the next request is heard, and not answered. */
const UNANSWERED: Pick<Decision, 'options' | 'outcomes'> = {
  options: { ...FOLLOW, timeout: { read: '1500ms' } },
  outcomes: [['ReadTimeout']],
};

function askedOnce({ server }: Played): void {
  expect(server.heads.length).toBe(1);
}

/** The request that the server was asked last. */
function lastOf({ errors }: Played): Request {
  return (errors[0] as { readonly request: Request }).request;
}

function askedNext(target: string): (played: Played) => void {
  return (played) => expect(lastOf(played).url.target).toBe(target);
}

const isLoopback = (ip: string): boolean => ip === '127.0.0.1';

export const decisions: Readonly<Record<string, Decision>> = {
  'scn-early-413-rst': {
    sentence: 'The response if it could be read, else a WriteError or ReadError; the connection is not used again.',
    outcomes: [['413 big', 'WriteError', 'ReadError']],
    check: ({ server }) => expect(server.peers.length).toBe(1),
  },
  'scn-100-continue': {
    sentence: 'When the server says 100 it has heard the head and not one octet of the body.',
    outcomes: [['200 ok']],
    check: ({ server }) => {
      const peer = server.peer(0);
      expect(peer.saidAfter[0]?.octetsHeard).toBe(peer.heads[0]?.length);
    },
  },
  'scn-100-continue-never': {
    sentence: 'The body follows its head after 1 s without 100 (RFC 9110 §10.1.1): not before 0.9 s.',
    outcomes: [['200 ok']],
    check: (played) => bodyArrivedAfter(played, 900),
  },
  'scn-slow-head': {
    sentence: 'ReadTimeout: `read` bounds the whole head, so that octets which drip in do not prolong it.',
    options: { timeout: { read: '600ms' } },
    outcomes: [['ReadTimeout']],
    check: ({ server }) => expect(server.peer(0).finished).toBe(false),
  },
  'scn-tls-stall': {
    sentence: 'ConnectTimeout in the phase tls: `connect` bounds the handshake too.',
    options: { timeout: { connect: '1500ms' }, verify: false },
    outcomes: [['ConnectTimeout']],
    check: ({ errors }) =>
      expect(errors[0]).toMatchObject({ phase: 'tls', message: expect.stringContaining('1500 ms') }),
  },
  'scn-infinite-1xx': {
    sentence: 'RemoteProtocolError at the 17th interim response; what the server could send is bounded.',
    outcomes: [['RemoteProtocolError']],
    check: boundedAt(65536),
  },
  'scn-infinite-chunk-ext': {
    sentence: 'RemoteProtocolError at 16 KiB of chunk overhead; what the server could send is bounded.',
    outcomes: [['RemoteProtocolError']],
    check: boundedAt(65536),
  },
  'scn-infinite-1byte-chunks': {
    sentence:
      'Legal, so only the configured `total` ends it: TotalTimeout, in time although octets never cease to come.',
    options: { timeout: { total: '500ms' } },
    outcomes: [['TotalTimeout']],
    check: ({ errors }) => expect(errors[0]).toHaveProperty('message', expect.stringContaining('500 ms')),
  },
  'scn-gzip-bomb': {
    sentence: '`max_body` is `Limits.decodedOctets`: DecodingError, and the server could not send the whole bomb.',
    options: { limits: { decodedOctets: 10_000_000 } },
    outcomes: [['DecodingError']],
    check: ({ server }) => expect(server.peer(0).finished).toBe(false),
  },
  'scn-encoding-head': {
    sentence: '200 with an empty content and no DecodingError: there is nothing to decode after HEAD.',
    outcomes: [['200 ']],
  },
  'scn-encoding-204': {
    sentence: '204 with an empty content and no DecodingError.',
    outcomes: [['204 ']],
  },
  'scn-infinite-redirect': {
    sentence: 'TooManyRedirects after 20 redirects: the server is asked 21 times.',
    options: FOLLOW,
    outcomes: [['TooManyRedirects']],
    check: ({ server }) => expect(server.heads.length).toBe(21),
  },
  'scn-two-locations': {
    sentence: 'RemoteProtocolError: Locations that differ are not followed.',
    options: FOLLOW,
    outcomes: [['RemoteProtocolError']],
    check: askedOnce,
  },
  'scn-redirect-loc-58': {
    sentence: 'UnsupportedProtocol: file is not followed.',
    options: FOLLOW,
    outcomes: [['UnsupportedProtocol']],
    check: askedOnce,
  },
  'scn-redirect-loc-59': {
    sentence: 'UnsupportedProtocol: ftp is not followed.',
    options: FOLLOW,
    outcomes: [['UnsupportedProtocol']],
    check: askedOnce,
  },
  'scn-redirect-loc-61': {
    sentence: 'UnsupportedProtocol: javascript is not followed.',
    options: FOLLOW,
    outcomes: [['UnsupportedProtocol']],
    check: askedOnce,
  },
  'scn-redirect-loc-65': {
    sentence: 'RemoteProtocolError: what two readers lead to two hosts is not followed.',
    options: FOLLOW,
    outcomes: [['RemoteProtocolError']],
    check: askedOnce,
  },
  'scn-redirect-loc-66': {
    sentence: 'Followed to the host (which the test refuses), without the credentials.',
    options: { ...FOLLOW, resolve: (host) => (host === 'h.test' ? ['192.0.2.1'] : []), allowAddress: isLoopback },
    outcomes: [['ConnectError']],
    check: (played) => {
      const { url, headers } = lastOf(played);
      expect([String(url), headers.has('authorization')]).toEqual(['http://h.test/', false]);
    },
  },
  'scn-redirect-loc-67': {
    sentence: 'Two fields, as the parser reads them: /a is asked for, and no X is sent.',
    ...UNANSWERED,
    check: (played) => {
      askedNext('/a')(played);
      expect(lastOf(played).headers.has('x')).toBe(false);
    },
  },
  'scn-redirect-loc-71': {
    sentence: 'Dot segments never lead above the root: /x is asked for.',
    ...UNANSWERED,
    check: askedNext('/x'),
  },
  'scn-redirect-loc-72': {
    sentence: 'UTF-8 is percent-encoded: /%C3%A9 is asked for.',
    ...UNANSWERED,
    check: askedNext('/%C3%A9'),
  },
  'scn-redirect-loc-73': {
    sentence: 'Other octets are percent-encoded as they are: /%E9 is asked for.',
    ...UNANSWERED,
    check: askedNext('/%E9'),
  },
  'scn-redirect-body-huge': {
    sentence: 'The body is given up with its connection, and the next request answered on another.',
    options: FOLLOW,
    outcomes: [['200 ok']],
    check: boundedAt(65536),
  },
};
