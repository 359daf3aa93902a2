/** `socks5.json` of vectors/protocol: what is said to a SOCKS proxy octet by octet, however its answers are cut. */
import { describe, expect, test } from 'vitest';
import { ProxyError } from '../../src/index.js';
import { SocksHandshake, socksAddress } from '../../src/socks.js';
import { protocolCases, withoutShared } from '../support/shared.js';

interface SocksCase {
  readonly id: string;
  readonly auth: readonly [string, string] | null;
  readonly target: string;
  readonly dns: string;
  readonly steps: readonly { readonly client?: string; readonly server?: string; readonly close?: boolean }[];
  readonly expect: 'tunnel' | 'error' | 'error-or-lenient' | 'tunnel-or-error';
}

/** Where the vectors allow two answers: ours. */
const CHOSEN: Readonly<Record<string, 'tunnel' | 'error'>> = {
  // A version that is wrong is no answer to the password (RFC 1929 §2).
  'error-or-lenient': 'error',
  // What is reserved means nothing.
  'tunnel-or-error': 'tunnel',
};

const octets = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

/** All ways of cutting: whole, octet by octet, and in two at each place. */
function cuts(said: Uint8Array): Uint8Array[][] {
  const single = Array.from(said, (octet) => Uint8Array.of(octet));
  const halves = Array.from(said, (_octet, at) =>
    [said.slice(0, at), said.slice(at)].filter(({ length }) => length > 0),
  );
  return [[said], single, ...halves];
}

/** Plays a case with its answers cut the `way`-th way; how it ends. */
function played({ auth, target, steps }: SocksCase, way: number): 'tunnel' | 'error' {
  const { hostname, port } = new URL(`http://${target}`);
  const host = hostname.replace(/^\[|\]$/g, '');
  const encoder = new TextEncoder();
  const credentials = auth === null ? null : ([encoder.encode(auth[0]), encoder.encode(auth[1])] as const);
  const handshake = new SocksHandshake('Cannot connect', socksAddress(host), Number(port || 80), credentials, []);
  let said: Uint8Array | null = handshake.begin();
  try {
    for (const { client, server, close } of steps) {
      if (client !== undefined) {
        expect(Buffer.from(said ?? []).toString('hex')).toBe(client);
        said = null;
      } else if (close === true) throw handshake.ended();
      else {
        const ways = cuts(octets(server ?? ''));
        for (const piece of ways[Math.min(way, ways.length - 1)] ?? []) {
          said = handshake.receive(piece, piece.length) ?? said;
        }
      }
    }
  } catch (error) {
    expect(error).toBeInstanceOf(ProxyError);
    expect((error as Error).message).toMatch(/^Cannot connect: it /);
    return 'error';
  }
  expect(said).toBeNull();
  expect(handshake.state).toBe('open');
  return 'tunnel';
}

const cases = protocolCases<SocksCase>('socks5');

describe.skipIf(cases === null)(`SOCKS 5 ${cases === null ? withoutShared : ''}`, () => {
  test.each((cases ?? []).map((each) => [each.id, each] as const))('%s', (_id, each) => {
    const most = Math.max(...each.steps.map(({ server }) => cuts(octets(server ?? '')).length));
    for (let way = 0; way < most; way++) {
      expect(played(each, way), `cut ${way}`).toBe(CHOSEN[each.expect] ?? each.expect);
    }
  });
});

describe('a SOCKS handshake', () => {
  const handshake = (): SocksHandshake =>
    new SocksHandshake('Cannot connect', socksAddress('example.org'), 443, null, []);

  test('a host of 256 octets is refused, one of 255 is not', () => {
    expect(socksAddress('a'.repeat(255)).length).toBe(257);
    expect(() => socksAddress('a'.repeat(256))).toThrow(/256 octets.*RFC 1928/);
  });

  test('counts what comes behind the reply, and takes none of it', () => {
    const talk = handshake();
    talk.receive(Uint8Array.of(5, 0), 2);
    talk.receive(Uint8Array.of(5, 0, 0, 3, 1, 97, 0, 80, 72, 73), 10);
    expect([talk.state, talk.surplus]).toEqual(['open', 2]);
  });

  test('an answer to what was not asked yet is refused', () => {
    const talk = handshake();
    expect(() => talk.receive(Uint8Array.of(5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 80), 12)).toThrow(/before it was asked/);
  });

  test.each(Array.from({ length: 256 }, (_value, code) => code).filter((code) => code !== 0))(
    'reply 0x%s is a ProxyError that says what it means',
    (code) => {
      const talk = handshake();
      talk.receive(Uint8Array.of(5, 0), 2);
      expect(() => talk.receive(Uint8Array.of(5, code), 2)).toThrow(code <= 8 ? /could not connect: \w/ : /reply 0x/);
    },
  );
});
