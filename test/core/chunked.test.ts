/** Chunked bodies: how the octets leave the core, what limits hold, and how trailers are kept apart. */
import { describe, expect, test } from 'vitest';
import * as abi from '../../assembly/abi.js';
import { Driver, type Entry, everySplit, octets, run } from '../support/core-connection.js';
import { BUILDS, type Core, loadCore } from '../support/core-module.js';

const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (data: string): string => `${data.length.toString(16)}\r\n${data}\r\n`;
const LAST = '0\r\n\r\n';
const errorOf = (log: readonly Entry[]): Entry | undefined => log.find(({ kind }) => kind === 'error');

/** The records of one input, as "kind offset length a", offsets from the input's first octet. */
function recordsOf(core: Core, input: string): string[] {
  const driver = new Driver(core);
  driver.open();
  const bytes = octets(input);
  new Uint8Array(core.memory.buffer).set(bytes, core.inputOffset());
  const count = core.connectionReceive(driver.handle, 0, bytes.length);
  const view = new DataView(core.memory.buffer, core.eventsOffset(), count * abi.EVENT_OCTETS);
  const records = Array.from({ length: count }, (_, i) => {
    const word = (field: number): number => view.getUint32(i * abi.EVENT_OCTETS + field, true);
    const kind = word(abi.EVENT_KIND);
    const place = `${word(abi.EVENT_OFFSET)} ${word(abi.EVENT_LENGTH)}`;
    if (kind === abi.KIND_DATA) return `data ${place} ${word(abi.EVENT_A)}`;
    if (kind === abi.KIND_PASS) return `pass ${place} ${word(abi.EVENT_B)}`;
    return kind === abi.KIND_HEAD ? 'head' : kind === abi.KIND_END ? 'end' : `kind ${kind}`;
  });
  driver.free();
  return records;
}

describe.each(BUILDS)('build %s', (build) => {
  const core = loadCore(build);
  const at = HEAD.length;

  test('one short chunk leaves where it stands', () => {
    expect(recordsOf(core, HEAD + chunk('hello') + LAST)).toEqual(['head', `data ${at + 3} 5 0`, 'end']);
  });

  test('short chunks are moved together into one record', () => {
    expect(recordsOf(core, HEAD + chunk('hello').repeat(100) + LAST)).toEqual(['head', `data ${at + 3} 500 1`, 'end']);
  });

  test('a long chunk leaves where it stands, between what stood before and behind', () => {
    const long = 'x'.repeat(4096);
    const records = recordsOf(core, HEAD + chunk('ab') + chunk(long) + chunk('cd') + chunk('ef') + LAST);
    const third = at + 7 + 6 + 4096 + 2 + 3;
    expect(records).toEqual(['head', `data ${at + 3} 2 0`, `data ${at + 13} 4096 0`, `data ${third} 4 1`, 'end']);
  });

  test('the rest of a chunk that the input ends in is passed', () => {
    const input = `${HEAD}${chunk('ab')}a\r\n0123`;
    expect(recordsOf(core, input)).toEqual(['head', `data ${at + 3} 2 0`, `pass ${at + 10} 4 6`]);
    expect(recordsOf(core, `${HEAD}a\r\n`)).toEqual(['head', `pass ${at + 3} 0 10`]);
  });

  test.each([1, 3, 7, 8, 15, 16, 17, 31, 32, 33, 63, 511, 512, 513, 1000, 4095, 4096])(
    'chunks of %i octets keep order and content',
    (length) => {
      const data = Array.from(
        { length: Math.ceil(9000 / length) },
        (_, i) => String.fromCharCode(33 + (i % 90)).repeat(length - 1) + String.fromCharCode(33 + ((i * 7) % 90)),
      );
      const input = octets(HEAD + data.map(chunk).join('') + LAST);
      const whole = run(core, input);
      expect(whole.log[1]).toMatchObject({ kind: 'body', octets: data.join('') });
      for (const step of [1, 13, 500]) {
        const cuts = Array.from({ length: Math.floor((input.length - 1) / step) }, (_, i) => (i + 1) * step);
        expect(run(core, input, {}, cuts)).toEqual(whole);
      }
    },
  );

  test('extensions are passed over, also quoted ones', () => {
    const { log } = everySplit(core, octets(`${HEAD}2 ; a ; b=c ;d = "e\\"\t;\xff"\r\nhi\r\n0;x\r\n\r\n`));
    expect(log[1]).toMatchObject({ octets: 'hi' });
  });

  test('extensions and leading zeros may have 16384 octets over a message, and no more', () => {
    const zeros = `${'0'.repeat(129)}1\r\nx\r\n`;
    const extension = (length: number): string => `1;${'a'.repeat(length - 1)}\r\nx\r\n`;
    const extensions = extension(255).repeat(63) + extension(190);
    expect(errorOf(run(core, octets(HEAD + zeros + extensions + LAST)).log)).toBeUndefined();
    const { log } = everySplit(core, octets(`${HEAD}${zeros}${extensions}00\r\n\r\n`), {}, 40);
    expect(log.slice(1)).toMatchObject([
      { octets: 'x'.repeat(65) },
      { rule: abi.RULE_CHUNK_OVERHEAD, offset: 3, octet: 0x30, limit: abi.CHUNK_OVERHEAD_OCTETS_MAX },
    ]);
  });

  test('the extensions of one chunk may have 256 octets, and no more', () => {
    const fitting = [`;${'a'.repeat(255)}`, ` ;${'a'.repeat(254)}`, `${';a="b"'.repeat(42)};abc`, ';b'.repeat(128)];
    for (const extension of fitting) {
      expect(extension.length).toBe(abi.CHUNK_EXTENSION_OCTETS_MAX);
      const body = `1${extension}\r\nx\r\n2${extension}\r\nyz\r\n0${extension}\r\n\r\n`;
      expect(everySplit(core, octets(HEAD + body)).log[1]).toMatchObject({ octets: 'xyz' });
      const { log } = everySplit(core, octets(`${HEAD}1\r\nx\r\n0${extension}c\r\n\r\n`));
      expect(errorOf(log)).toMatchObject({
        rule: abi.RULE_CHUNK_OVERHEAD,
        offset: 3 + extension.length,
        octet: 0x63,
        limit: abi.CHUNK_EXTENSION_OCTETS_MAX,
      });
    }
  });

  test.each([
    ['1fffffffffffff', undefined],
    ['000000000000000000001fffffffffffff', undefined],
    ['20000000000000', abi.RULE_CHUNK_SIZE_OVERFLOW],
    ['10000000000000000', abi.RULE_CHUNK_SIZE_OVERFLOW],
    ['ffffffffffffffffffffff', abi.RULE_CHUNK_SIZE_OVERFLOW],
  ])('a chunk of 0x%s octets', (size, rule) => {
    const { log } = everySplit(core, octets(`${HEAD}${size}\r\nx`));
    const error = errorOf(log);
    expect(error?.kind === 'error' ? error.rule : undefined).toBe(rule);
  });

  test('trailers leave with the end, and change nothing of the message', () => {
    const { log, canOpen } = everySplit(
      core,
      octets(`${HEAD}${chunk('x')}0\r\nA: 1\r\nConnection: close\r\nSet-Cookie: b\r\n\r\n`),
    );
    expect(log.at(-1)).toMatchObject({
      kind: 'end',
      reusable: true,
      trailers: [
        ['A', '1', 0],
        ['Connection', 'close', abi.FIELD_CONNECTION],
        ['Set-Cookie', 'b', abi.FIELD_SET_COOKIE],
      ],
    });
    expect(canOpen).toBe(true);
  });

  test.each(['Content-Length: 1', 'transfer-encoding: chunked'])('%s in trailers is refused', (line) => {
    const { log } = everySplit(core, octets(`${HEAD}0\r\n${line}\r\n\r\n`));
    expect(errorOf(log)).toMatchObject({ rule: abi.RULE_TRAILER_FORBIDDEN, offset: 0 });
  });

  test('field lines of trailers are counted on their own', () => {
    const { log } = everySplit(core, octets(`${HEAD}0\r\n${'A: b\r\n'.repeat(3)}\r\n`), { fields: 2 });
    expect(errorOf(log)).toMatchObject({ rule: abi.RULE_FIELD_COUNT, offset: 13, limit: 2 });
  });
});
