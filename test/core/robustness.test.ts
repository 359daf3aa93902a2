/** Nothing the peer or the memory does may trap, leak, or depend on how the input was cut. */
import { describe, expect, test } from 'vitest';
import * as abi from '../../assembly/abi.js';
import { Driver, everyOctet, octets, run, seeded } from '../support/core-connection.js';
import { BUILDS, loadCore } from '../support/core-module.js';
import { type DecoderCore, loadDecoders } from './coding/decoding.js';

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

  test('a section that is carried takes no more memory than its limits allow', () => {
    const idle = new Driver(core);
    const own = core.liveOctets();
    idle.free();
    for (const headOctets of [20, 300, 1000, 5000]) {
      const driver = new Driver(core, { headOctets, fields: 10 });
      driver.open();
      const text = octets(`HTTP/1.1 200 OK\r\nA: ${'b'.repeat(headOctets)}`);
      for (let at = 0; at < headOctets; at++) {
        driver.feed(text.subarray(at, at + 1));
        // Beside the octets: the block's link, and ten entries of the table, which are padded to 16.
        expect(core.liveOctets() - own).toBeLessThanOrEqual(headOctets + 16 + 128);
      }
      expect(driver.log).toEqual([]);
      driver.feed(octets('c'));
      expect(driver.log).toMatchObject([{ rule: abi.RULE_HEAD_OCTETS, offset: headOctets }]);
      driver.free();
    }
    expect(core.liveOctets()).toBe(0);
  });

  test('handle 0 is no connection and no decoder, and says so', () => {
    const before = Buffer.from(core.memory.buffer.slice(0, 64));
    expect([
      core.connectionOpen(0, 0),
      core.connectionEnd(0, 1),
      core.connectionReceive(0, 0, 1),
      core.connectionReceive(0, 0, 20),
      core.connectionPassed(0),
      core.connectionReceiveEnd(0),
      core.connectionCanOpen(0),
      core.connectionCloseReason(0),
    ]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    core.connectionCancel(0, 1);
    core.connectionFree(0);
    expect(before.equals(Buffer.from(core.memory.buffer.slice(0, 64)))).toBe(true);
    const decoders = core as DecoderCore;
    expect(decoders.decoderDecode(0, 0, 9)).toBe(abi.DECODE_ERROR);
    const [kind, code, , , length, taken, rule] = new Uint32Array(core.memory.buffer, core.eventsOffset(), 8);
    expect([kind, code, length, taken, rule]).toEqual([
      abi.KIND_DECODED,
      abi.DECODE_ERROR,
      0,
      0,
      abi.RULE_CODING_MEMORY,
    ]);
    expect(decoders.decoderEnd(0)).toBe(abi.RULE_CODING_MEMORY);
    decoders.decoderFree(0);
    expect(core.liveOctets()).toBe(0);
  });

  test('an unknown protocol gives no connection, nor does HTTP/2 in the role of requests', () => {
    expect(core.connectionCreate(3, abi.ROLE_CLIENT, 65536, 256, 16)).toBe(0);
    expect(core.connectionCreate(abi.PROTOCOL_HTTP_2, abi.ROLE_REQUESTS, 65536, 256, 16)).toBe(0);
  });
});

describe('the debug build stops at mistakes of the host', () => {
  const create = (core: DecoderCore): number =>
    core.connectionCreate(abi.PROTOCOL_HTTP_1_1, abi.ROLE_CLIENT, 65536, 256, 16);
  const MISTAKES: Record<string, (core: DecoderCore) => void> = {
    'a connection freed twice': (core) => {
      const handle = create(core);
      core.connectionFree(handle);
      core.connectionFree(handle);
    },
    'octets for a connection that was freed': (core) => {
      const handle = create(core);
      core.connectionFree(handle);
      core.connectionReceive(handle, 0, 1);
    },
    'a handle that never was one': (core) => core.connectionCanOpen(create(core) + 16),
    'a decoder freed twice': (core) => {
      const handle = core.decoderCreate(abi.CODING_GZIP, 0, 0);
      core.decoderFree(handle);
      core.decoderFree(handle);
    },
    'octets for a decoder that was freed': (core) => {
      const handle = core.decoderCreate(abi.CODING_GZIP, 0, 0);
      core.decoderFree(handle);
      core.decoderDecode(handle, 0, 1);
    },
    'octets behind the input area': (core) => core.connectionReceive(create(core), 1, abi.INPUT_OCTETS + 1),
    'octets that end before they begin': (core) => core.connectionReceive(create(core), 2, 1),
  };
  test.each(Object.keys(MISTAKES))('%s', (mistake) => {
    const core = loadDecoders('debug');
    expect(() => MISTAKES[mistake]?.(core)).toThrow(WebAssembly.RuntimeError);
  });
});
