/**
 * What SECURITY.md §3 lists, row by row, against the core alone: what it says, that its memory stays small, and that its work
 * stays in proportion to the octets it is given (instructions, counted by the meter; no clock is read).
 */
import { describe, expect, test } from 'vitest';
import * as abi from '../../../assembly/abi.js';
import { INSTRUCTIONS, meter } from '../../../wasm/meter.mjs';
import { type Core, instanceOf, octetsOf } from '../../support/core-module.js';
import { Http2Driver, type Http2Entry } from '../../support/http2-driver.js';
import * as f from '../../support/http2-frames.js';

/** Octets of linear memory that an attack may make a connection take. */
const LIVE_OCTETS_MAX = 512 * 1024;
/** Instructions for an octet of it: some 100 for a frame of 9 octets, and what hashing, decoding and copying cost. */
const INSTRUCTIONS_PER_OCTET = 150;

const core = instanceOf(meter(octetsOf('release')));
const counter = (core as Core & Record<string, WebAssembly.Global>)[INSTRUCTIONS] as WebAssembly.Global;

interface Attack {
  readonly log: readonly Http2Entry[];
  /** Error code of GOAWAY, or `null`. */
  readonly goaway: number | null;
  readonly frames: Http2Driver['frames'];
}

/** Plays an attack on a connection with streams 1, 3, 5 open, and holds it to the limits above. */
function play(octets: Uint8Array, begin: (driver: Http2Driver) => void = () => {}, pieceOctets?: number): Attack {
  const live = core.liveOctets();
  const driver = new Http2Driver(core);
  driver.feed(f.hello());
  for (let i = 0; i < 3; i++) driver.open();
  begin(driver);
  counter.value = 0n;
  driver.feed(octets, pieceOctets);
  expect(Number(counter.value) / octets.length).toBeLessThan(INSTRUCTIONS_PER_OCTET);
  expect(core.liveOctets() - live).toBeLessThan(LIVE_OCTETS_MAX);
  const frame = driver.frames.find(({ type }) => type === f.TYPE.goaway);
  const goaway = frame === undefined ? null : Number.parseInt(frame.payload.slice(8), 16);
  driver.free();
  expect(core.liveOctets()).toBe(live);
  return { log: driver.log, goaway, frames: driver.frames };
}

const ruleOf = ({ log }: Attack): number | undefined => {
  const entry = log.find(({ kind }) => kind === 'error');
  return entry?.kind === 'error' ? entry.rule : undefined;
};
const countOf = ({ log }: Attack, kind: Http2Entry['kind']): number =>
  log.filter((entry) => entry.kind === kind).length;
const openedHead = f.frame(f.TYPE.headers, 0, 1, f.block([[':status', '200']]));
const continuation = (octets: string | Uint8Array, flags = 0): Buffer => f.frame(f.TYPE.continuation, flags, 1, octets);

describe('3.1 CONTINUATION', () => {
  test('sixteen frames make a block, seventeen do not', () => {
    const field = f.block([['a', 'b']]);
    const some = (count: number): Buffer =>
      Buffer.concat([openedHead, f.times(count - 1, continuation(field)), continuation(field, f.END_HEADERS)]);
    expect(countOf(play(some(16)), 'head')).toBe(1);
    const attack = play(some(17));
    expect([ruleOf(attack), attack.goaway]).toEqual([abi.RULE_H2_CONTINUATION_COUNT, abi.H2_ENHANCE_YOUR_CALM]);
  });

  test('an empty one that ends no block is refused at once', () => {
    const attack = play(Buffer.concat([openedHead, continuation('')]));
    expect([ruleOf(attack), attack.goaway]).toEqual([abi.RULE_H2_CONTINUATION_COUNT, abi.H2_ENHANCE_YOUR_CALM]);
    expect(countOf(play(Buffer.concat([openedHead, continuation('', f.END_HEADERS)])), 'head')).toBe(1);
  });

  test('a block that outgrows the limit on heads ends the connection before it is gathered', () => {
    const large = continuation(f.block([['x', 'y'.repeat(16000)]]));
    const attack = play(Buffer.concat([openedHead, f.times(200, large)]));
    expect([ruleOf(attack), attack.goaway]).toEqual([abi.RULE_H2_BLOCK_OCTETS, abi.H2_ENHANCE_YOUR_CALM]);
  });
});

describe('3.2 resets that the peer causes', () => {
  const wrong = (stream: number): Buffer => f.headers(stream, [[':status', 'abc']], f.END_STREAM);

  function malformed(
    count: number,
    msBetween: number,
  ): { readonly refused: number; readonly rule: number | undefined } {
    const driver = new Http2Driver(core);
    driver.feed(f.hello());
    for (let i = 0; i < count; i++) {
      const stream = driver.open();
      if (stream <= 0) break;
      driver.now += msBetween;
      driver.feed(wrong(stream));
    }
    driver.free();
    return {
      refused: countOf({ log: driver.log, goaway: null, frames: [] }, 'stream error'),
      rule: ruleOf({ log: driver.log, goaway: null, frames: [] }),
    };
  }

  test('a hundred in ten seconds are borne, one more is not', () => {
    expect(malformed(100, 10)).toEqual({ refused: 100, rule: undefined });
    expect(malformed(1000, 99)).toEqual({ refused: 101, rule: abi.RULE_H2_STREAM_ERRORS });
  });

  test('more of them over a longer time are', () => {
    expect(malformed(1000, 100)).toEqual({ refused: 1000, rule: undefined });
  });

  test('frames on a stream that the peer reset are answered as often, and count', () => {
    const attack = play(Buffer.concat([f.rstStream(1, abi.H2_CANCEL), f.times(2000, f.head(1, 200))]));
    expect([ruleOf(attack), attack.goaway]).toEqual([abi.RULE_H2_STREAM_ERRORS, abi.H2_ENHANCE_YOUR_CALM]);
    expect(attack.frames.filter(({ type }) => type === f.TYPE.rstStream)).toHaveLength(100);
  });
});

describe('3.3 frames that bring nothing on', () => {
  test.each([
    ['SETTINGS', f.settings([f.SETTING.maxConcurrentStreams, 100])],
    ['PING', f.ping('12345678')],
    ['PING acknowledgements', f.ping('12345678', f.ACK)],
    ['PRIORITY', f.frame(f.TYPE.priority, 0, 1, '\0\0\0\0\0')],
    ['unknown frames', f.frame(0x16, 0, 0, 'abc')],
    ['RST_STREAM of closed streams', f.rstStream(5, abi.H2_CANCEL)],
    ['WINDOW_UPDATE of closed streams', f.windowUpdate(5, 1)],
    ['HEADERS of streams that we reset', f.head(5, 200)],
    ['GOAWAY', f.goaway(5, abi.H2_NO_ERROR)],
    ['ALTSVC', f.frame(10, 0, 0, 'h2=":443"')],
    ['ORIGIN', f.frame(12, 0, 0, 'https://example.org')],
  ])('%s: some thousand of them, then GOAWAY, and no more answers than those', (_name, octets) => {
    const attack = play(f.times(20_000, octets), (driver) => driver.cancel(5));
    expect([ruleOf(attack), attack.goaway]).toEqual([abi.RULE_H2_IDLE_FRAMES, abi.H2_ENHANCE_YOUR_CALM]);
    const answers = attack.frames.filter(({ flags, type }) => flags === f.ACK && type !== f.TYPE.headers);
    expect(answers.length).toBeLessThan(1020);
  });

  test('a hundred each second are borne for ever', () => {
    const driver = new Http2Driver(core);
    driver.feed(f.hello());
    driver.open();
    driver.feed(f.times(900, f.ping('12345678')));
    for (let second = 0; second < 100; second++) {
      driver.now += 1000;
      driver.feed(f.times(100, f.ping('12345678')));
    }
    expect(driver.closeReason).toBe(abi.CLOSE_NONE);
    driver.free();
  });

  test('what answers our own streams is borne, however many those are', () => {
    const driver = new Http2Driver(core);
    driver.feed(f.hello([f.SETTING.maxConcurrentStreams, 1000]));
    for (let i = 0; i < 3000; i++) {
      const stream = driver.open();
      driver.cancel(stream);
      driver.feed(Buffer.concat([f.head(stream, 200), f.data(stream, 'late', f.END_STREAM)]));
    }
    expect(driver.closeReason).toBe(abi.CLOSE_NONE);
    driver.free();
  });

  test('33 settings are too many for a frame, 32 are not', () => {
    const entries = Array.from({ length: 33 }, (): [number, number] => [0xff, 1]);
    expect(ruleOf(play(f.settings(...entries.slice(1))))).toBeUndefined();
    const attack = play(f.settings(...entries));
    expect([ruleOf(attack), attack.goaway]).toEqual([abi.RULE_H2_SETTINGS_COUNT, abi.H2_ENHANCE_YOUR_CALM]);
  });

  test('WINDOW_UPDATE of the connection costs nothing but its reading', () => {
    expect(ruleOf(play(f.times(20_000, f.windowUpdate(0, 1))))).toBeUndefined();
  });
});

describe('3.3 answers that the peer does not read', () => {
  const some = 'x'.repeat(1024);
  const dear: readonly (readonly [string, Buffer])[] = [
    ['PING', f.ping('12345678')],
    ['SETTINGS', f.settings([f.SETTING.maxConcurrentStreams, 100])],
  ];

  test.each(dear)('a thousand %s wait, and with more of them the connection ends', (_name, asked) => {
    const live = core.liveOctets();
    const driver = new Http2Driver(core);
    driver.feed(f.hello());
    driver.open();
    driver.takes = false;
    driver.feed(f.head(1, 200));
    for (let i = 0; i < 1001; i++) driver.feed(Buffer.concat([f.data(1, some), asked]));
    expect(driver.log.some(({ kind }) => kind === 'error')).toBe(false);
    for (let i = 0; i < 10; i++) driver.feed(Buffer.concat([f.data(1, some), asked]));
    expect(driver.log.filter(({ kind }) => kind === 'error')).toEqual([
      { kind: 'error', stream: 0, rule: abi.RULE_H2_ANSWERS, code: abi.H2_ENHANCE_YOUR_CALM },
    ]);
    expect(core.liveOctets() - live).toBeLessThan(LIVE_OCTETS_MAX);
    driver.flush();
    expect(driver.frames.at(-1)).toMatchObject({ type: f.TYPE.goaway, payload: '000000000000000b' });
    driver.free();
  });

  test('nor credit, nor resets: they are counted as well', () => {
    const driver = new Http2Driver(core);
    driver.feed(f.hello([f.SETTING.maxConcurrentStreams, 1000]));
    for (let i = 0; i < 900; i++) driver.open();
    for (let i = 0; i < 900; i++) core.connectionCancel(driver.handle, 2 * i + 1);
    driver.takes = false;
    for (let i = 0; i < 102; i++) driver.feed(f.ping('12345678'));
    expect(driver.log.at(-1)).toMatchObject({ kind: 'error', rule: abi.RULE_H2_ANSWERS });
    driver.free();
  });

  test('those that are read are no matter, however many they are', () => {
    const driver = new Http2Driver(core);
    driver.feed(f.hello());
    driver.open();
    driver.feed(f.head(1, 200));
    for (let i = 0; i < 50; i++) driver.feed(f.times(100, Buffer.concat([f.data(1, some), f.ping('12345678')])));
    expect(driver.closeReason).toBe(abi.CLOSE_NONE);
    expect(driver.frames.filter(({ type }) => type === f.TYPE.ping)).toHaveLength(5000);
    driver.free();
  });
});

describe('3.4 DATA', () => {
  test.each([
    ['empty', f.data(1, '')],
    ['padding alone', f.paddedData(1, '', 255)],
  ])('%s: a thousand in a row are borne, one more is not', (_name, octets) => {
    const begun = f.head(1, 200);
    expect(
      ruleOf(play(Buffer.concat([begun, f.times(1000, octets), f.data(1, 'x'), f.times(1000, octets)]))),
    ).toBeUndefined();
    const attack = play(Buffer.concat([begun, f.times(1001, octets)]));
    expect([ruleOf(attack), attack.goaway]).toEqual([abi.RULE_H2_EMPTY_DATA, abi.H2_ENHANCE_YOUR_CALM]);
    expect(countOf(attack, 'content')).toBe(0);
  });

  test('on a stream that we reset, empty ones count as frames that bring nothing on', () => {
    const attack = play(f.times(5000, f.data(1, '')), (driver) => driver.cancel(1));
    expect(ruleOf(attack)).toBe(abi.RULE_H2_IDLE_FRAMES);
  });

  test('single octets are content, and do not make a WINDOW_UPDATE each', () => {
    const attack = play(Buffer.concat([f.head(1, 200), f.times(20_000, f.data(1, 'x'))]));
    expect(ruleOf(attack)).toBeUndefined();
    expect(attack.frames.filter(({ type }) => type === f.TYPE.windowUpdate)).toHaveLength(1);
  });
});

describe('3.5 HPACK', () => {
  test('a bomb is refused at the limit, and the table goes on with the peer', () => {
    // An entry of 4000 octets that is asked for again and again: 16 KiB of frame would make 64 MiB.
    const entry = f.block([['x', 'y'.repeat(4000)]], true);
    const bomb = f.headers(
      1,
      Buffer.concat([f.block([[':status', '200']]), entry, Buffer.alloc(12_000, 0xbe)]),
      f.END_STREAM,
    );
    const after = f.headers(3, Buffer.concat([f.block([[':status', '200']]), f.indexedFields(0)]), f.END_STREAM);
    const attack = play(Buffer.concat([bomb, after]));
    expect(attack.goaway).toBeNull();
    expect(attack.log.find(({ kind }) => kind === 'stream error')).toMatchObject({
      stream: 1,
      rule: abi.RULE_HPACK_LIST_OCTETS,
      code: abi.H2_ENHANCE_YOUR_CALM,
    });
    const head = attack.log.find(({ kind }) => kind === 'head');
    expect(head?.kind === 'head' && head.fields[0]?.[1]).toBe('y'.repeat(4000));
  });

  test('more fields than the limit are refused', () => {
    const fields = Array.from({ length: 300 }, (): [string, string] => ['a', 'b']);
    const attack = play(f.head(1, 200, fields));
    expect(attack.log.find(({ kind }) => kind === 'stream error')).toMatchObject({ rule: abi.RULE_HPACK_FIELD_COUNT });
  });

  test('interim heads, head and trailers share one limit', () => {
    const fields: [string, string][] = [['x', 'y'.repeat(15_000)]];
    const interims = Array.from({ length: 4 }, () => f.head(1, 103, fields));
    const attack = play(Buffer.concat([...interims, f.head(1, 200, fields)]));
    expect(countOf(attack, 'interim')).toBe(4);
    expect(attack.log.find(({ kind }) => kind === 'stream error')).toMatchObject({ rule: abi.RULE_HPACK_LIST_OCTETS });
  });
});

describe('3.6 memory of heads', () => {
  test('ten thousand streams with heads of 60 KB, each reset, leave nothing behind', () => {
    const driver = new Http2Driver(core);
    driver.feed(f.hello());
    const fields = Array.from({ length: 4 }, (_, i): [string, string] => [`x-${i}`, 'y'.repeat(15_000)]);
    const live = core.liveOctets();
    for (let i = 0; i < 10_000; i++) {
      const stream = driver.open();
      if (i % 500 === 0) driver.feed(Buffer.concat([f.fragmented(stream, [[':status', '200'], ...fields], 16_000)]));
      else driver.feed(f.head(stream, 200));
      driver.feed(f.rstStream(stream, abi.H2_CANCEL));
      driver.log.length = 0;
    }
    expect(core.liveOctets() - live).toBeLessThan(LIVE_OCTETS_MAX);
    driver.free();
    expect(core.memory.buffer.byteLength).toBeLessThan(8 * 1024 * 1024);
  });
});

describe('3.8 flow control', () => {
  const full = f.data(1, 'x'.repeat(16384));

  test('what goes beyond the window of a stream ends that stream', () => {
    const frames = Math.floor(abi.HTTP2_STREAM_WINDOW_OCTETS / 16384);
    const attack = play(Buffer.concat([f.head(1, 200), f.times(frames + 1, full)]), (driver) => {
      driver.releases = false;
    });
    expect(attack.goaway).toBeNull();
    expect(attack.log.find(({ kind }) => kind === 'stream error')).toMatchObject({
      rule: abi.RULE_H2_WINDOW_EXCEEDED,
      code: abi.H2_FLOW_CONTROL_ERROR,
    });
  });

  test('of what nobody releases, no more than 32 MiB and a window come', () => {
    const driver = new Http2Driver(core);
    driver.feed(f.hello());
    driver.releases = false;
    const streams = Array.from({ length: 16 }, () => driver.open());
    for (const stream of streams) driver.feed(f.head(stream, 200));
    let octets = 0;
    for (let i = 0; driver.closeReason === abi.CLOSE_NONE; i++) {
      const stream = streams[i % streams.length] as number;
      driver.feed(f.data(stream, 'x'.repeat(16384)));
      driver.log.length = Math.min(driver.log.length, 1);
      if (driver.closeReason === abi.CLOSE_NONE) octets += 16384;
    }
    expect(octets).toBeLessThanOrEqual(abi.HTTP2_UNRELEASED_OCTETS_MAX + abi.HTTP2_WINDOW_OCTETS);
    expect(octets).toBeGreaterThanOrEqual(abi.HTTP2_UNRELEASED_OCTETS_MAX);
    driver.free();
  });

  test('padding is counted, and given back', () => {
    const padded = f.paddedData(1, 'x', 255);
    const attack = play(Buffer.concat([f.head(1, 200), f.times(70_000, padded)]));
    expect(attack.goaway).toBeNull();
    const credit = attack.frames.filter(({ type, stream }) => type === f.TYPE.windowUpdate && stream === 1);
    expect(credit.length).toBeGreaterThan(7);
  });
});

describe('3.9 SETTINGS', () => {
  test.each([
    ['ENABLE_PUSH 1', f.SETTING.enablePush, 1, abi.H2_PROTOCOL_ERROR],
    ['ENABLE_PUSH 2', f.SETTING.enablePush, 2, abi.H2_PROTOCOL_ERROR],
    ['INITIAL_WINDOW_SIZE 2^31', f.SETTING.initialWindowSize, 2 ** 31, abi.H2_FLOW_CONTROL_ERROR],
    ['MAX_FRAME_SIZE 16383', f.SETTING.maxFrameSize, 16383, abi.H2_PROTOCOL_ERROR],
    ['MAX_FRAME_SIZE 2^24', f.SETTING.maxFrameSize, 2 ** 24, abi.H2_PROTOCOL_ERROR],
    ['ENABLE_CONNECT_PROTOCOL 2', f.SETTING.enableConnectProtocol, 2, abi.H2_PROTOCOL_ERROR],
  ])('%s is refused', (_name, id, value, code) => {
    const attack = play(f.settings([id, value]));
    expect([ruleOf(attack), attack.goaway]).toEqual([abi.RULE_H2_SETTING, code]);
  });

  test('a header table as large as can be said takes no memory', () => {
    expect(ruleOf(play(f.settings([f.SETTING.headerTableSize, 0xffffffff])))).toBeUndefined();
  });
});

describe('3.10 push', () => {
  test('PUSH_PROMISE ends the connection', () => {
    const attack = play(
      f.frame(f.TYPE.pushPromise, f.END_HEADERS, 1, Buffer.concat([Buffer.of(0, 0, 0, 2), f.block([])])),
    );
    expect([ruleOf(attack), attack.goaway]).toEqual([abi.RULE_H2_PUSH, abi.H2_PROTOCOL_ERROR]);
  });
});

describe('3.11 GOAWAY', () => {
  test('streams that it leaves out are told so, the others go on', () => {
    const answer = Buffer.concat([f.head(1, 200), f.data(1, 'done', f.END_STREAM)]);
    const attack = play(Buffer.concat([f.goaway(1, abi.H2_NO_ERROR, 'x'.repeat(8000)), answer]));
    expect(attack.log.filter(({ kind }) => kind === 'reset')).toEqual([
      { kind: 'reset', stream: 3, code: abi.H2_NO_ERROR, unprocessed: true },
      { kind: 'reset', stream: 5, code: abi.H2_NO_ERROR, unprocessed: true },
    ]);
    expect(attack.log.at(-1)).toMatchObject({ kind: 'end', stream: 1, reusable: false });
  });

  test('one for a thousand streams is told in as many calls as records need', () => {
    const driver = new Http2Driver(core);
    driver.feed(f.hello([f.SETTING.maxConcurrentStreams, 5000]));
    let opened = 0;
    while (driver.placesFree > 0) if (driver.open() > 0) opened++;
    driver.feed(f.goaway(0, abi.H2_NO_ERROR));
    expect(opened).toBe(abi.HTTP2_STREAMS_MAX);
    expect(driver.log.filter(({ kind }) => kind === 'reset')).toHaveLength(opened);
    driver.free();
  });

  test('a last stream that grows again is refused', () => {
    const attack = play(Buffer.concat([f.goaway(1, 0), f.goaway(3, 0)]));
    expect([ruleOf(attack), attack.goaway]).toEqual([abi.RULE_H2_GOAWAY_GROWS, abi.H2_PROTOCOL_ERROR]);
  });
});

test('3.13 octets of HTTP/1.1 are refused as no SETTINGS', () => {
  const driver = new Http2Driver(core);
  driver.open();
  driver.feed(Buffer.from('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'));
  expect(driver.log.at(-1)).toMatchObject({ kind: 'error', rule: abi.RULE_H2_PREFACE });
  driver.free();
});
