/** `HpackDecoder` and `HpackEncoder` of httpx-wasm/core. */
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import * as abi from '../../assembly/abi.js';
import { typeNameOf } from '../../src/config.js';
import { HpackDecoder, HpackEncoder, type HpackField, RemoteProtocolError } from '../../src/core-api.js';
import { core, liveOctets } from '../../src/core-instance.js';
import { collected } from '../support/garbage.js';
import { BlockEncoder, loadHpack } from '../support/hpack.js';

const HEAD: HpackField[] = [
  [':status', '200'],
  ['content-type', 'application/json'],
  ['date', 'Sun, 29 Nov 2026 12:00:00 GMT'],
  ['content-length', '12'],
  ['x-caf\xe9', '\x00\xff'],
];
/** The list as the core is given it. */
const asGiven = (list: readonly HpackField[]) =>
  list.map(([name, value, isNever]) => [name, value, isNever ? abi.HPACK_NEVER_INDEXED : 0] as const);
const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** What the call throws. */
function failureOf(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('Cannot judge: nothing was thrown');
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('HPACK', () => {
  test('a list comes back as it was, whatever came before', () => {
    const live = liveOctets();
    {
      using encoder = new HpackEncoder();
      using decoder = new HpackDecoder();
      for (let n = 0; n < 500; n++) {
        const list: HpackField[] = [...HEAD, [`x-${n % 90}`, `value ${n % 7}`], ['cookie', 'a=b', true]];
        expect(decoder.decode(encoder.encode(list))).toEqual(list);
      }
    }
    expect(liveOctets()).toBe(live);
  });

  test('fields of tables are the same frozen objects each time', () => {
    using encoder = new HpackEncoder();
    using decoder = new HpackDecoder();
    decoder.decode(encoder.encode(HEAD));
    const [first, second] = [decoder.decode(encoder.encode(HEAD)), decoder.decode(encoder.encode(HEAD))];
    for (const [index, field] of first.entries()) {
      const isInTable = field[0] !== 'content-length';
      expect(Object.is(field, second[index]), field[0]).toBe(isInTable);
      expect(Object.isFrozen(field)).toBe(isInTable);
    }
    expect(first).not.toBe(second);
  });

  test('what is never to be indexed says so, and goes on so', () => {
    using encoder = new HpackEncoder();
    using decoder = new HpackDecoder();
    const list: HpackField[] = [
      ['authorization', 'Bearer secret'],
      ['x-token', 'secret', true],
      ['x-plain', 'value', false],
      ['plain', 'literal', true],
      ['other', 'literal', true],
    ];
    const wanted = [['authorization', 'Bearer secret', true], list[1], ['x-plain', 'value'], list[3], list[4]];
    expect(decoder.decode(encoder.encode(list))).toEqual(wanted);
    expect(decoder.decode(encoder.encode(decoder.decode(encoder.encode(list))))).toEqual(wanted);
  });

  test('a block that breaks a rule ends the decoder', () => {
    using decoder = new HpackDecoder();
    expect(decoder.isBroken).toBe(false);
    const error = failureOf(() => decoder.decode(octets(0xbe)));
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect(error.message).toBe('Cannot decode the field block: an index leads beyond the tables (RFC 7541 §2.3.3)');
    expect(decoder.isBroken).toBe(true);
    expect(failureOf(() => decoder.decode(octets(0x82)))).toBeInstanceOf(RemoteProtocolError);
  });

  test('a list beyond a limit is refused, and the next one is decoded', () => {
    using encoder = new HpackEncoder();
    using decoder = new HpackDecoder({ listOctets: 200, fields: 3 });
    const long = failureOf(() => decoder.decode(encoder.encode([['x', 'v'.repeat(168)]])));
    expect(long).toBeInstanceOf(RemoteProtocolError);
    expect(long.message).toContain('the limit is 200 octets (RFC 9113 §6.5.2)');
    const many = failureOf(() => decoder.decode(encoder.encode(['a', 'b', 'c', 'd'].map((name) => [name, '']))));
    expect(many.message).toContain('the limit is 3 fields');
    expect(decoder.isBroken).toBe(false);
    expect(decoder.decode(encoder.encode([['x', 'v'.repeat(167)]]))).toEqual([['x', 'v'.repeat(167)]]);
  });

  test('table sizes are agreed on both sides', () => {
    using encoder = new HpackEncoder({ tableOctets: 65536 });
    using decoder = new HpackDecoder();
    decoder.allow(65536);
    encoder.allow(65536);
    const list = Array.from({ length: 200 }, (_, i): HpackField => [`x-${i}`, 'v'.repeat(100)]);
    expect(decoder.decode(encoder.encode(list))).toEqual(list);
    const again = encoder.encode(list);
    expect(again.length).toBeLessThanOrEqual(2 * list.length);
    expect(decoder.decode(again)).toEqual(list);
    encoder.allow(0);
    decoder.allow(0);
    expect(decoder.decode(encoder.encode(list.slice(0, 3)))).toEqual(list.slice(0, 3));
    using small = new HpackDecoder({ tableOctets: 0 });
    expect(failureOf(() => small.decode(octets(0x3f, 0x01)))).toBeInstanceOf(RemoteProtocolError);
  });

  test.each([
    ['tableOctets', -1],
    ['tableOctets', 1048577],
    ['listOctets', 0],
    ['fields', 0.5],
  ])('%s of %s is refused', (name, value) => {
    expect(() => new HpackDecoder({ [name]: value })).toThrow(RangeError);
    expect(() => new HpackDecoder({ [name]: String(value) as unknown as number })).toThrow(TypeError);
  });

  test('settings that are not known, and values that are none, are refused by name', () => {
    expect(() => new HpackDecoder({ table: 1 } as object)).toThrow("unknown option 'table'");
    expect(() => new HpackEncoder({ listOctets: 1 } as object)).toThrow("unknown option 'listOctets'");
    expect(() => new HpackEncoder({ tableOctets: 1e9 })).toThrow(RangeError);
    using decoder = new HpackDecoder(null);
    using encoder = new HpackEncoder({ tableOctets: null });
    expect(() => decoder.allow(1048577)).toThrow(RangeError);
    expect(() => encoder.allow(-1)).toThrow(RangeError);
    expect(() => decoder.allow('4096' as unknown as number)).toThrow(TypeError);
  });

  test('what does not fit the core is refused before anything is encoded', () => {
    using encoder = new HpackEncoder();
    using decoder = new HpackDecoder({ listOctets: 70_000 });
    const notOctets = new TypeError('Cannot encode the fields: expected octets, got a code unit above 0xff');
    for (const text of ['\u0100', 'v\u0100', '\xff\u0100', '\ud83d\ude00']) {
      expect(() => encoder.encode([['x', text]])).toThrow(notOctets);
      expect(() => encoder.encode([[`x${text}`, 'v']])).toThrow(notOctets);
    }
    expect(() => encoder.encode([['x', 1 as unknown as string]])).toThrow(TypeError);
    expect(() => encoder.encode([['x', 'v'.repeat(65524)]])).toThrow(RangeError);
    expect(() => decoder.decode(new Uint8Array(65537))).toThrow(RangeError);
    expect(decoder.isBroken).toBe(false);
    // The most there can be, and its block is no longer than a decoder takes.
    for (const octet of ['\x00', '0']) {
      const list: HpackField[] = [['x', octet.repeat(65523)]];
      expect(decoder.decode(encoder.encode(list))).toEqual(list);
    }
  });

  test('what is no octets, no list or no field is told by name, and changes nothing', () => {
    using encoder = new HpackEncoder();
    using decoder = new HpackDecoder();
    const block = encoder.encode(HEAD);
    const views = [block.buffer, new DataView(block.buffer), new Uint16Array(2), new Int8Array(2)];
    for (const given of [...views, 'x', [0x82], {}, null, undefined, 5]) {
      const message = `Cannot decode the field block: expected a Uint8Array, got ${typeNameOf(given)}`;
      expect(() => decoder.decode(given as unknown as Uint8Array)).toThrow(new TypeError(message));
    }
    for (const given of [{}, 'ab', '', null, undefined, 5]) {
      const message = `Cannot encode the fields: expected an iterable of [name, value], got ${typeNameOf(given)}`;
      expect(() => encoder.encode(given as unknown as HpackField[])).toThrow(new TypeError(message));
    }
    for (const [given, got] of [
      ['ab', 'string'],
      [null, 'null'],
      [undefined, 'undefined'],
      [{}, '[undefined, undefined]'],
      [['x', 1], '[string, number]'],
    ] as const) {
      const message = `Cannot encode the fields: expected pairs of strings, got ${got}`;
      expect(() => encoder.encode([given as unknown as HpackField])).toThrow(new TypeError(message));
    }
    expect(decoder.isBroken).toBe(false);
    expect(decoder.decode(block)).toEqual(HEAD);
    expect(decoder.decode(encoder.encode(HEAD))).toEqual(HEAD);
  });

  test('a block is the same whatever of its list was in the list before', () => {
    // The plain encoder is given all as text, each time; tables so small that entries go while a list is encoded.
    const core = loadHpack('release');
    for (const tableOctets of [0, 100, 300, 4096]) {
      const value = fc.constantFrom('', 'GET', 'a', 'b', 'v'.repeat(30), 'w'.repeat(90), 'gzip, deflate');
      const name = fc.constantFrom(
        ':method',
        ':path',
        'cookie',
        'authorization',
        'x-a',
        'x-b',
        'accept-encoding',
        'date',
      );
      const field = fc.tuple(name, value, fc.constantFrom(false, false, false, true));
      const steps = fc.array(fc.tuple(fc.nat(5), fc.nat(7), field, fc.nat(400)), { maxLength: 40 });
      fc.assert(
        fc.property(fc.array(field, { maxLength: 8 }), steps, (first, changes) => {
          const plain = [new BlockEncoder(core, tableOctets), new BlockEncoder(core, tableOctets)] as const;
          using one = new HpackEncoder({ tableOctets });
          using other = new HpackEncoder({ tableOctets });
          const list = [...first];
          for (const [kind, at, changed, size] of changes) {
            if (kind === 0) for (const each of [one, plain[0]]) each.allow(size);
            if (kind === 1) list.push(changed);
            else list.splice(at, kind === 2 ? 3 : 1, ...(kind === 2 ? [] : [changed]));
            expect(one.encode(list)).toEqual(plain[0].encode(asGiven(list)));
            expect(other.encode([changed, ...list])).toEqual(plain[1].encode(asGiven([changed, ...list])));
          }
          for (const each of plain) each.free();
        }),
        { numRuns: 100, seed: 7541 },
      );
    }
  });

  test('a list that is refused leaves the encoder as it was, and is not remembered', () => {
    using encoder = new HpackEncoder();
    using decoder = new HpackDecoder();
    const list: HpackField[] = [
      ['x-first', 'value'],
      ['x-second', 'value'],
    ];
    decoder.decode(encoder.encode(list));
    const refused: unknown[][] = [
      [
        ['x-first', 'value'],
        ['x-new', '\u0100'],
      ],
      [
        ['x-first', 'value'],
        ['x-new', 'v\u0100'],
      ],
      [
        ['x-new', 'value'],
        ['x-second', 1],
      ],
      [
        ['x-new', 'value'],
        ['x-second', 'v'.repeat(65536)],
      ],
    ];
    for (const each of refused) {
      expect(() => encoder.encode(each as unknown as HpackField[])).toThrow();
      const block = encoder.encode(list);
      expect(block.length).toBe(2);
      expect(decoder.decode(block)).toEqual(list);
    }
  });

  /** A list whose second value is read by `read`. */
  function readBy(read: () => string): HpackField[] {
    const field = ['x-read', ''];
    Object.defineProperty(field, 1, { get: read });
    return [['x-first', 'secretvalue'], field as unknown as HpackField, ['x-last', 'value']];
  }

  test('a field is read once, also where the list is encoded again without ids', () => {
    using encoder = new HpackEncoder({ tableOctets: 200 });
    using decoder = new HpackDecoder();
    let reads = 0;
    const list = readBy(() => `value ${reads++}`);
    // Each new value evicts an entry that the list wants behind it.
    for (let n = 0; n < 8; n++) {
      expect(decoder.decode(encoder.encode(list))).toEqual([list[0], ['x-read', `value ${n}`], list[2]]);
      expect(reads).toBe(n + 1);
    }
  });

  test('who encodes, or allows another table, while a list is read does that before it', () => {
    using encoder = new HpackEncoder();
    using decoder = new HpackDecoder();
    let tableOctets = 0;
    const inner: HpackField[] = [
      ['x-inner', 'v'],
      ['x-first', 'other'],
    ];
    const said: Uint8Array[] = [];
    const list = readBy(() => {
      said.push(encoder.encode(inner));
      encoder.allow(tableOctets);
      return 'read';
    });
    for (tableOctets of [4096, 60, 4096, 0, 4096, 4096]) {
      said.push(encoder.encode(list));
      const heard = said.splice(0).map((block) => decoder.decode(block));
      expect(heard).toEqual([inner, [list[0], ['x-read', 'read'], list[2]]]);
    }
  });

  test('an encoder that is closed while a list is read does not encode it', () => {
    const live = liveOctets();
    const encoder = new HpackEncoder();
    encoder.encode(HEAD);
    const list = readBy(() => {
      encoder.close();
      return 'read';
    });
    expect(() => encoder.encode(list)).toThrow('Cannot use the HPACK encoder: it is closed');
    expect(liveOctets()).toBe(live);
  });

  test('a list of known fields that is too long is refused like any other', () => {
    using encoder = new HpackEncoder({ tableOctets: 131072 });
    encoder.allow(131072);
    const half: HpackField = ['x', 'v'.repeat(40_000)];
    expect(encoder.encode([half]).length).toBeGreaterThan(1000);
    expect(encoder.encode([half]).length).toBe(1);
    expect(() => encoder.encode([half, half])).toThrow(RangeError);
  });

  test('a closed one is closed, and closing again does nothing', () => {
    const live = liveOctets();
    const [encoder, decoder] = [new HpackEncoder(), new HpackDecoder()];
    expect(liveOctets()).toBeGreaterThan(live);
    for (const each of [encoder, decoder, encoder, decoder]) each.close();
    expect(liveOctets()).toBe(live);
    expect(() => encoder.encode([])).toThrow('Cannot use the HPACK encoder: it is closed');
    expect(() => decoder.decode(octets())).toThrow('Cannot use the HPACK decoder: it is closed');
    expect(() => decoder.allow(0)).toThrow('it is closed');
  });

  test('what is dropped is freed by the collector', async () => {
    const live = liveOctets();
    (() => [new HpackEncoder(), new HpackDecoder()])();
    expect(await collected(() => liveOctets() === live)).toBe(true);
  });

  test('memory that grows meanwhile is seen', () => {
    using encoder = new HpackEncoder();
    using decoder = new HpackDecoder();
    const list: HpackField[] = [...HEAD, ['x', 'y'.repeat(50_000)]];
    for (let n = 0; n < 3; n++) {
      core().exports.memory.grow(1);
      expect(decoder.decode(encoder.encode(list))).toEqual(list);
    }
  });

  test('a trap is named as our bug, and closing afterwards is quiet', () => {
    const [encoder, decoder] = [new HpackEncoder(), new HpackDecoder()];
    const { exports } = core();
    const trap = (): never => {
      throw new WebAssembly.RuntimeError('unreachable');
    };
    Object.defineProperty(core(), 'exports', { value: { ...exports, hpackDecode: trap } });
    expect(() => decoder.decode(octets(0x82))).toThrow('a bug in httpx-wasm');
    expect(() => decoder.decode(octets(0x82))).toThrow('a bug in httpx-wasm');
    expect(() => encoder.encode([])).toThrow('a bug in httpx-wasm');
    encoder.close();
    decoder.close();
    using next = new HpackDecoder();
    expect(next.decode(octets(0x82))).toEqual([[':method', 'GET']]);
  });
});
