/** Nothing the peer or the memory does may trap, leak, or depend on how the input was cut. */
import { describe, expect, test } from 'vitest';
import * as abi from '../../assembly/abi.js';
import { Driver, everyOctet, octets, run, seeded } from '../support/core-connection.js';
import { BUILDS, loadCore } from '../support/core-module.js';

const EXCHANGE = octets(
  `HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: ${'v'.repeat(700)}\r\n\r\n` +
    '5;a="b"\r\nhello\r\n6\r\n world\r\n0\r\nA: b\r\nC: d\r\n\r\n',
);
const SEEDS = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive, x\r\nKeep-Alive: timeout=5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b;c="d\\e"\r\nhello\r\n00a \t;x\r\n0123456789\r\n0\r\nA: b\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 304 Not Modified\r\nContent-Length: 5, 5\r\nSet-Cookie: a=b\r\n\r\n',
  'POST /a?b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x, chunked\r\nUpgrade: b\r\nConnection: upgrade\r\n\r\n1\r\na\r\n0\r\n\r\nz',
];
/** Octets that turn up where grammar is decided. */
const LIKELY = '\r\n \t:;=",\\0159afAFHTP/.-\0\x7f\x80\xff';
const MUTATIONS = 4000;

describe.each(BUILDS)('build %s', (build) => {
  const core = loadCore(build);

  test('every allocation may fail: an error record, nothing left behind, and the core goes on', () => {
    for (const cuts of [[], everyOctet(EXCHANGE), [40, 300, 800]]) {
      const wanted = run(core, EXCHANGE, {}, cuts);
      let failures = 0;
      for (let n = 0; ; n++) {
        core.failAllocationsAfter(n);
        const driver = new Driver(core);
        if (driver.handle === 0) {
          failures++;
          continue;
        }
        driver.open();
        let from = 0;
        for (const cut of [...cuts, EXCHANGE.length]) {
          driver.feed(EXCHANGE.subarray(from, cut));
          from = cut;
        }
        core.failAllocationsAfter(-1);
        const { log } = driver.outcome();
        driver.free();
        expect(core.liveOctets()).toBe(0);
        if (log.at(-1)?.kind !== 'error') {
          expect(log).toEqual(wanted.log);
          break;
        }
        failures++;
        expect(log.at(-1)).toMatchObject({ rule: abi.RULE_MEMORY });
        expect(log.slice(0, -1)).toEqual(wanted.log.slice(0, log.length - 1));
      }
      expect(failures).toBeGreaterThan(1);
      expect(run(core, EXCHANGE, {}, cuts)).toEqual(wanted);
    }
  });

  test('changed messages give one log whole, in pieces and octet by octet', () => {
    const random = seeded(2026);
    const below = (n: number): number => Math.floor(random.next().value * n);
    for (let i = 0; i < MUTATIONS; i++) {
      const seed = SEEDS[i % SEEDS.length] as string;
      const input = octets(seed);
      for (let changes = 1 + below(3); changes > 0; changes--) {
        input[below(input.length)] = LIKELY.charCodeAt(below(LIKELY.length));
      }
      const exchange = {
        role: seed.startsWith('P') ? abi.ROLE_REQUESTS : abi.ROLE_CLIENT,
        open: below(64),
        closes: below(2) === 1,
      };
      const whole = run(core, input, exchange);
      const cuts = Array.from({ length: 3 }, () => below(input.length)).sort((a, b) => a - b);
      expect(run(core, input, exchange, cuts)).toEqual(whole);
      expect(run(core, input, exchange, everyOctet(input))).toEqual(whole);
    }
    expect(core.liveOctets()).toBe(0);
  });

  test('connections beside each other do not mix', () => {
    const drivers = Array.from({ length: 8 }, () => new Driver(core));
    for (const driver of drivers) driver.open();
    for (const octet of EXCHANGE) for (const driver of drivers) driver.feed(Uint8Array.of(octet));
    const wanted = run(core, EXCHANGE);
    for (const driver of drivers) expect(driver.outcome()).toEqual(wanted);
    for (const driver of drivers) driver.free();
    expect(core.liveOctets()).toBe(0);
  });

  test('a connection freed in the middle leaves nothing behind', () => {
    for (let length = 0; length <= EXCHANGE.length; length++) {
      const driver = new Driver(core);
      driver.open();
      driver.feed(EXCHANGE.subarray(0, length >> 1));
      driver.feed(EXCHANGE.subarray(length >> 1, length));
      driver.free();
      expect(core.liveOctets()).toBe(0);
    }
  });

  test('an unknown protocol gives no connection', () => {
    expect(core.connectionCreate(abi.PROTOCOL_HTTP_2, abi.ROLE_CLIENT, 65536, 256, 16)).toBe(0);
  });
});
