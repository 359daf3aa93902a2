/**
 * What the prose of `h1-scenarios.json` means for this client, decided once. test/client/scenario-decisions.md says the same
 * in words; a test holds the two to the same ids. Scenarios whose `expect.results` are plain need no decision: status and
 * body, or the count of connections, speak for themselves.
 */
import { expect } from 'vitest';
import type { ClientOptions } from './client.js';
import type { ScriptedServer } from './scripted-server.js';

/** One scenario, played. */
export interface Played {
  readonly server: ScriptedServer;
  /** One word per request: `200 text`, or the error's class. */
  readonly outcomes: readonly string[];
  readonly errors: readonly unknown[];
  /** From the first request to the last outcome. */
  readonly tookMs: number;
}

export interface Decision {
  readonly sentence: string;
  readonly options?: ClientOptions;
  /** Per request, the outcomes that are right. */
  readonly outcomes?: readonly (readonly string[])[];
  readonly check?: (played: Played) => void;
}

/** Octets that the kernels of a loopback connection hold without any reader: send and receive buffers, both at their most. */
const KERNEL_OCTETS = 12 * 1024 * 1024;

function boundedAt(octets: number): (played: Played) => void {
  return ({ server }) => expect(server.octetsTaken).toBeLessThanOrEqual(octets + KERNEL_OCTETS);
}

function bodyArrivedAfter(played: Played, leastMs: number, mostMs: number): void {
  const peer = played.server.peer(0);
  const headOctets = peer.heads[0]?.length ?? 0;
  const head = peer.arrivals.find(({ octetsHeard }) => octetsHeard >= headOctets);
  const body = peer.arrivals.find(({ octetsHeard }) => octetsHeard > headOctets);
  const waitedMs = (body?.at ?? Number.NaN) - (head?.at ?? Number.NaN);
  expect(waitedMs).toBeGreaterThanOrEqual(leastMs);
  expect(waitedMs).toBeLessThanOrEqual(mostMs);
}

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
    sentence: 'The body follows its head after 1 s without 100 (RFC 9110 §10.1.1): not before 0.9 s, not after 2 s.',
    outcomes: [['200 ok']],
    check: (played) => bodyArrivedAfter(played, 900, 2000),
  },
  'scn-slow-head': {
    sentence: 'ReadTimeout: `read` bounds the whole head, so that octets which drip in do not prolong it.',
    options: { timeout: { read: '600ms' } },
    outcomes: [['ReadTimeout']],
    check: ({ tookMs }) => expect(tookMs).toBeLessThan(1800),
  },
  'scn-tls-stall': {
    sentence: 'ConnectTimeout in the phase tls: `connect` bounds the handshake too.',
    options: { timeout: { connect: '300ms' }, verify: false },
    outcomes: [['ConnectTimeout']],
    check: ({ errors, tookMs }) => {
      expect((errors[0] as { phase: unknown }).phase).toBe('tls');
      expect(tookMs).toBeLessThan(1500);
    },
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
    check: ({ tookMs }) => expect(tookMs).toBeLessThan(2000),
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
};

/** Scenarios that wait for a later issue: what their ids begin with, and the issue that brings them. */
export const laterScenarios: readonly (readonly [prefix: string, issue: number])[] = [
  ['scn-redirect-', 6],
  ['scn-infinite-redirect', 6],
  ['scn-two-locations', 6],
  ['scn-connect-', 7],
];
