/**
 * Conversations with a peer that keeps to the rules, and with some that do not: what each line of the peer's makes the core
 * say. Every script is given whole, octet by octet and cut at each place, in every build.
 */
import { describe, expect, test } from 'vitest';
import * as abi from '../../../assembly/abi.js';
import { BUILDS, loadCore } from '../../support/core-module.js';
import { everyHttp2Split, Http2Driver, type Http2Entry } from '../../support/http2-driver.js';
import * as f from '../../support/http2-frames.js';

/** A record as a line. */
function lineOf(entry: Http2Entry): string {
  switch (entry.kind) {
    case 'head':
    case 'interim':
      return `${entry.stream}: ${entry.status} ${entry.fields.map(([name, value]) => `${name}=${value}`).join(' ')}`.trim();
    case 'content':
      return `${entry.stream}: ${entry.octets.length > 20 ? `${entry.octets.length} octets` : `"${entry.octets}"`}`;
    case 'end':
      return `${entry.stream}: end ${entry.trailers.map(([name, value]) => `${name}=${value}`).join(' ')}`.trim();
    case 'writable':
      return `${entry.stream}: writable`;
    case 'reset':
      return `${entry.stream}: reset ${entry.code}${entry.unprocessed ? ', unprocessed' : ''}`;
    case 'stream error':
      return `${entry.stream}: refused with ${entry.code}, rule ${entry.rule}`;
    case 'goaway':
      return `goaway after ${entry.last} with ${entry.code}`;
    case 'streams max':
      return `${entry.streams} streams`;
    case 'error':
      return `over with ${entry.code}, rule ${entry.rule}`;
  }
}

const get = (driver: Http2Driver): void => void driver.open();
const gets =
  (count: number) =>
  (driver: Http2Driver): void => {
    for (let i = 0; i < count; i++) driver.open();
  };
const method =
  (name: string, bits?: number) =>
  (driver: Http2Driver): void =>
    void driver.open(name, name === 'CONNECT' ? 'a:443' : '/', undefined, bits);

const same: f.FieldPair[] = [
  [':status', '200'],
  ['content-type', 'text/plain'],
  ['x-same', 'always'],
];
/** What indexes `same` when it was inserted last. */
const sameAgain = Buffer.concat([Buffer.of(0x88), f.indexedFields(1, 0)]);
const sameFirst = Buffer.concat([Buffer.of(0x88), f.block(same.slice(1), true)]);

describe.each(BUILDS)('build %s', (build) => {
  const core = loadCore(build);

  const hear = (octets: readonly Buffer[], begin = get, after?: (driver: Http2Driver) => void): readonly string[] =>
    everyHttp2Split(core, Uint8Array.from(Buffer.concat([f.hello(), ...octets])), begin, after)
      .log.slice(1)
      .map(lineOf);

  test('a response in one piece', () => {
    expect(hear([f.head(1, 200, [['x', 'y']]), f.data(1, 'hello', f.END_STREAM)])).toEqual([
      '1: 200 x=y',
      '1: "hello"',
      '1: end',
    ]);
  });

  test('interim heads, content in pieces and padding, trailers', () => {
    const script = [
      f.head(1, 103, [['link', '</a>']]),
      f.head(1, 200),
      f.paddedData(1, 'hel', 7),
      f.data(1, ''),
      f.paddedData(1, 'lo', 0),
      f.headers(1, [['x-sum', '42']], f.END_STREAM),
    ];
    expect(hear(script)).toEqual(['1: 103 link=</a>', '1: 200', '1: "hello"', '1: end x-sum=42']);
  });

  test('three responses at once, their frames in any order', () => {
    const script = [
      f.head(5, 200),
      f.head(1, 200),
      f.data(5, 'five'),
      f.head(3, 404, [], f.END_STREAM),
      f.data(1, 'one', f.END_STREAM),
      f.data(5, '!', f.END_STREAM),
    ];
    expect(hear(script, gets(3))).toEqual([
      '5: 200',
      '1: 200',
      '5: "five"',
      '3: 404',
      '3: end',
      '1: "one"',
      '1: end',
      '5: "!"',
      '5: end',
    ]);
  });

  test('a section in pieces, padding and priority before it', () => {
    const block = f.block([
      [':status', '200'],
      ['x', 'y'],
    ]);
    const first = Buffer.concat([Buffer.of(3, 0, 0, 0, 0, 9), block.subarray(0, 5), Buffer.alloc(3)]);
    const script = [
      f.frame(f.TYPE.headers, f.PADDED | f.PRIORITY | f.END_STREAM, 1, first),
      f.frame(f.TYPE.continuation, 0, 1, block.subarray(5, 9)),
      f.frame(f.TYPE.continuation, f.END_HEADERS, 1, block.subarray(9)),
    ];
    expect(hear(script)).toEqual(['1: 200 x=y', '1: end']);
  });

  test('a head that comes again is the same to whoever reads it', () => {
    const script = [
      f.headers(1, sameFirst, f.END_STREAM),
      f.headers(3, sameAgain, f.END_STREAM),
      f.headers(5, sameAgain, f.END_STREAM),
    ];
    const line = '200 content-type=text/plain x-same=always';
    expect(hear(script, gets(3))).toEqual([`1: ${line}`, '1: end', `3: ${line}`, '3: end', `5: ${line}`, '5: end']);
  });

  test('one that an interim head came before is not', () => {
    const script = [
      f.headers(1, sameFirst, f.END_STREAM),
      f.headers(3, Buffer.concat([f.block([[':status', '103']]), f.indexedFields(1, 0)])),
      f.headers(3, Buffer.concat([f.block([[':status', '404']]), f.indexedFields(1, 0)]), f.END_STREAM),
    ];
    expect(hear(script, gets(2)).slice(2)).toEqual([
      '3: 103 content-type=text/plain x-same=always',
      '3: 404 content-type=text/plain x-same=always',
      '3: end',
    ]);
  });

  test.each([
    ['HEAD', 'HEAD', 200],
    ['204', 'GET', 204],
    ['304', 'GET', 304],
  ])('%s: what its length says is of another response', (_name, name, status) => {
    const length: f.FieldPair[] = [['content-length', '5']];
    const line = `1: ${status} content-length=5`;
    expect(hear([f.head(1, status, length, f.END_STREAM)], method(name))).toEqual([line, '1: end']);
    expect(hear([f.head(1, status, length), f.data(1, '', f.END_STREAM)], method(name))).toEqual([line, '1: end']);
    const [first, second] = hear([f.head(1, status, length), f.data(1, 'hello', f.END_STREAM)], method(name));
    expect(first).toBe(line);
    expect(second).toBe(`1: refused with 1, rule ${abi.RULE_H2_CONTENT_UNASKED}`);
  });

  test.each([
    ['more content than its length', [f.data(1, 'hello'), f.data(1, '!', f.END_STREAM)]],
    ['less', [f.data(1, 'hell', f.END_STREAM)]],
    ['less, and trailers', [f.data(1, 'hell'), f.headers(1, [['x', 'y']], f.END_STREAM)]],
  ])('%s is refused', (_name, script) => {
    const lines = hear([f.head(1, 200, [['content-length', '5']]), ...script]);
    expect(lines.at(-1)).toBe(`1: refused with 1, rule ${abi.RULE_H2_LENGTH_DIFFERS}`);
  });

  test('a tunnel ends on each side by itself', () => {
    const script = [f.head(1, 200, [['content-length', '1']]), f.data(1, 'hello'), f.data(1, '', f.END_STREAM)];
    const { log, frames } = everyHttp2Split(
      core,
      Uint8Array.from(Buffer.concat([f.hello(), ...script])),
      method('CONNECT', 0),
      (driver) => {
        driver.send(1, 'still');
        driver.end(1);
      },
    );
    expect(log.slice(1).map(lineOf)).toEqual(['1: 200 content-length=1', '1: "hello"', '1: end']);
    expect(frames.slice(-2).map(({ type, flags }) => [type, flags])).toEqual([
      [f.TYPE.data, 0],
      [f.TYPE.data, f.END_STREAM],
    ]);
  });

  test('CONNECT that is refused has a response as any other', () => {
    const script = [f.head(1, 403), f.data(1, 'no', f.END_STREAM)];
    expect(hear(script, method('CONNECT', 0))).toEqual(['1: 403', '1: "no"', '1: end']);
  });

  test('GOAWAY lets the accepted go on, and no more begin', () => {
    const script = [f.head(1, 200), f.goaway(3, 0), f.head(3, 204, [], f.END_STREAM), f.data(1, 'x', f.END_STREAM)];
    expect(hear(script, gets(3))).toEqual([
      '1: 200',
      'goaway after 3 with 0',
      '5: reset 0, unprocessed',
      '3: 204',
      '3: end',
      '1: "x"',
      '1: end',
    ]);
  });

  test('a graceful one comes twice', () => {
    const script = [f.goaway(0x7fffffff, 0), f.head(1, 204, [], f.END_STREAM), f.goaway(1, 0)];
    expect(hear(script, gets(2))).toEqual([
      'goaway after 2147483647 with 0',
      '1: 204',
      '1: end',
      'goaway after 1 with 0',
      '3: reset 0, unprocessed',
    ]);
  });

  test('ours is said once; what is open goes on, and nothing more begins', () => {
    const driver = new Http2Driver(core);
    driver.feed(f.hello());
    driver.open();
    driver.goAway();
    driver.goAway();
    const said = driver.frames.filter(({ type }) => type === f.TYPE.goaway);
    expect(said).toEqual([{ type: f.TYPE.goaway, flags: 0, stream: 0, payload: '0'.repeat(16) }]);
    expect([driver.placesFree, driver.open(), driver.closeReason]).toEqual([0, 0, abi.CLOSE_WE_ASKED]);
    driver.feed(Buffer.concat([f.head(1, 200), f.data(1, 'hello', f.END_STREAM)]));
    expect(driver.log.slice(1).map(lineOf)).toEqual(['1: 200', '1: "hello"', '1: end']);
    driver.free();
  });

  test('a connection that is over says no more of going away', () => {
    const driver = new Http2Driver(core);
    driver.feed(f.hello());
    driver.feed(f.frame(f.TYPE.ping, 0, 1, '\0'.repeat(8)));
    const { length } = driver.frames;
    driver.goAway();
    expect(driver.frames).toHaveLength(length);
    driver.free();
  });

  test('a refused stream was not processed, one that is reset otherwise was, perhaps', () => {
    const script = [f.rstStream(1, abi.H2_REFUSED_STREAM), f.rstStream(3, abi.H2_HTTP_1_1_REQUIRED)];
    expect(hear(script, gets(2))).toEqual(['1: reset 7, unprocessed', '3: reset 13']);
  });

  test('one that is reset without an error is whole if its Content-Length says so', () => {
    const part = [f.head(1, 200, [['content-length', '5']]), f.data(1, 'hell')];
    expect(hear([...part, f.data(1, 'o'), f.rstStream(1, abi.H2_NO_ERROR), f.data(1, '')]).slice(1)).toEqual([
      '1: "hello"',
      '1: end',
    ]);
    expect(hear([...part, f.rstStream(1, abi.H2_NO_ERROR)]).slice(1)).toEqual(['1: "hell"', '1: reset 0']);
    expect(hear([...part, f.data(1, 'o'), f.rstStream(1, abi.H2_CANCEL)]).slice(2)).toEqual(['1: reset 8']);
  });

  test('the peer that closes leaves what was open unanswered', () => {
    const close = (driver: Http2Driver): void => driver.close();
    expect(hear([f.head(1, 200)], get, close).at(-1)).toBe(`over with ${abi.NONE}, rule ${abi.RULE_H2_PEER_CLOSED}`);
    expect(hear([f.head(1, 204, [], f.END_STREAM)], get, close)).toEqual(['1: 204', '1: end']);
  });

  test('PING and SETTINGS are answered in the order in which they came', () => {
    const { frames } = everyHttp2Split(
      core,
      Uint8Array.from(Buffer.concat([f.hello(), f.ping('abcdefgh'), f.settings(), f.ping('ABCDEFGH')])),
      get,
    );
    const answers = frames.filter(({ type, flags }) => flags === f.ACK && type !== f.TYPE.headers);
    expect(answers.map(({ type, payload }) => [type, Buffer.from(payload, 'hex').toString()])).toEqual([
      [f.TYPE.settings, ''],
      [f.TYPE.ping, 'abcdefgh'],
      [f.TYPE.settings, ''],
      [f.TYPE.ping, 'ABCDEFGH'],
    ]);
  });

  test('what is of a stream that we gave up is passed over, and its table is kept', () => {
    const script = [f.headers(1, sameFirst), f.data(1, 'late', f.END_STREAM), f.headers(3, sameAgain, f.END_STREAM)];
    const begin = (driver: Http2Driver): void => {
      gets(2)(driver);
      driver.cancel(1);
    };
    expect(hear(script, begin)).toEqual(['3: 200 content-type=text/plain x-same=always', '3: end']);
  });

  test.each([
    ['DATA, its padding as long as its payload', f.frame(f.TYPE.data, f.PADDED, 1, '\x04abc'), 1, abi.RULE_H2_PADDING],
    ['DATA of no octet, padded', f.frame(f.TYPE.data, f.PADDED, 1), 6, abi.RULE_H2_FRAME_LENGTH],
    [
      'HEADERS too short for their priority',
      f.frame(f.TYPE.headers, f.PRIORITY, 1, 'abcd'),
      6,
      abi.RULE_H2_FRAME_LENGTH,
    ],
    ['HEADERS too short for their padding', f.frame(f.TYPE.headers, f.PADDED, 1, '\x05abcd'), 1, abi.RULE_H2_PADDING],
    ['a frame of 16385 octets', f.frame(f.TYPE.data, 0, 1, '', 16385), 6, abi.RULE_H2_FRAME_OCTETS],
    ['RST_STREAM of three octets', f.frame(f.TYPE.rstStream, 0, 1, 'abc'), 6, abi.RULE_H2_FRAME_LENGTH],
    ['RST_STREAM of no stream', f.rstStream(0, 1), 1, abi.RULE_H2_FRAME_STREAM],
    ['SETTINGS of a stream', f.frame(f.TYPE.settings, 0, 1), 1, abi.RULE_H2_FRAME_STREAM],
    ['SETTINGS of seven octets', f.frame(f.TYPE.settings, 0, 0, 'abcdefg'), 6, abi.RULE_H2_FRAME_LENGTH],
    ['an acknowledgement with a payload', f.frame(f.TYPE.settings, f.ACK, 0, 'abcdef'), 6, abi.RULE_H2_FRAME_LENGTH],
    ['an acknowledgement of nothing', f.settingsAck(), 1, abi.RULE_H2_SETTINGS_ACK],
    ['PING of a stream', f.frame(f.TYPE.ping, 0, 1, '12345678'), 1, abi.RULE_H2_FRAME_STREAM],
    ['PING of nine octets', f.ping('123456789'), 6, abi.RULE_H2_FRAME_LENGTH],
    ['GOAWAY of a stream', f.frame(f.TYPE.goaway, 0, 1, '12345678'), 1, abi.RULE_H2_FRAME_STREAM],
    ['WINDOW_UPDATE of 0', f.windowUpdate(0, 0), 1, abi.RULE_H2_WINDOW_INCREMENT],
    ['WINDOW_UPDATE of 0 of a stream', f.windowUpdate(1, 0), 1, abi.RULE_H2_WINDOW_INCREMENT],
    ['WINDOW_UPDATE of a stream that is idle', f.windowUpdate(9, 1), 1, abi.RULE_H2_STREAM_IDLE],
    ['CONTINUATION of nothing', f.frame(f.TYPE.continuation, 0, 1, 'abc'), 1, abi.RULE_H2_CONTINUATION],
    [
      'PRIORITY of three octets, of a stream that is idle',
      f.frame(f.TYPE.priority, 0, 9, 'abc'),
      6,
      abi.RULE_H2_PRIORITY_LENGTH,
    ],
    ['a field block that is none', f.headers(1, Buffer.of(0xff, 0xff)), 9, abi.RULE_HPACK_INTEGER],
  ])('%s ends the connection', (_name, octets, code, rule) => {
    expect(hear([f.head(1, 200), octets]).at(-1)).toBe(`over with ${code}, rule ${rule}`);
  });
});

describe('debug data of GOAWAY (RFC 9113 §6.8)', () => {
  const core = loadCore('debug');

  test.each([0, 1, 128, 129, 1000])('of %i octets the first 128 are told, wherever the input is cut', (octets) => {
    const debug = Array.from({ length: octets }, (_, i) => String.fromCharCode(i % 256)).join('');
    const script = Buffer.concat([f.hello(), f.goaway(0, 11, debug), f.ping('12345678')]);
    const { log } = everyHttp2Split(core, script, () => {});
    const kept = debug.slice(0, abi.HTTP2_DEBUG_OCTETS_MAX);
    const told = octets === 0 ? {} : { debug: kept };
    expect(log.at(-1)).toEqual({ kind: 'goaway', last: 0, code: 11, ...told });
  });
});
