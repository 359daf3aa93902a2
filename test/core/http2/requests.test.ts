/**
 * Requests as HTTP/2 has them (RFC 9113 §8.2, §8.3, §8.5; RFC 8441): what becomes of the text of HTTP/1.1, and what is refused
 * before an octet of it is made. The blocks are decoded by the core's own HPACK, which has its own tests.
 */
import { describe, expect, test } from 'vitest';
import * as abi from '../../../assembly/abi.js';
import { HpackDecoder } from '../../../src/core-hpack.js';
import { INSTRUCTIONS, meter } from '../../../wasm/meter.mjs';
import { type Core, instanceOf, loadCore, octetsOf } from '../../support/core-module.js';
import { Http2Driver, type WrittenFrame } from '../../support/http2-driver.js';
import * as f from '../../support/http2-frames.js';

const core = loadCore('debug');

interface Sent {
  readonly answer: number;
  readonly fields: readonly (readonly [string, string])[];
  readonly frames: readonly WrittenFrame[];
}

const isOfBlock = ({ type }: WrittenFrame): boolean => type === f.TYPE.headers || type === f.TYPE.continuation;

/** The fields of the blocks that were written, in one list. */
function fieldsOf(frames: readonly WrittenFrame[]): (readonly [string, string])[] {
  const decoder = new HpackDecoder();
  try {
    const fields: (readonly [string, string])[] = [];
    let block = '';
    for (const frame of frames.filter(isOfBlock)) {
      block += frame.payload;
      if ((frame.flags & f.END_HEADERS) === 0) continue;
      for (const [name, value] of decoder.decode(Uint8Array.from(Buffer.from(block, 'hex'))))
        fields.push([name, value]);
      block = '';
    }
    return fields;
  } finally {
    decoder.close();
  }
}

function send(method: string, target: string, lines: string, bits: number = abi.OPEN_END_STREAM, protocol = ''): Sent {
  const driver = new Http2Driver(core);
  driver.feed(f.hello([f.SETTING.enableConnectProtocol, 1]));
  const answer = driver.open(method, target, lines, bits, protocol);
  const frames = driver.frames.slice();
  driver.free();
  return { answer, fields: fieldsOf(frames), frames };
}

test('pseudo-header fields come first, Host becomes :authority, names go out in lower case, values without blanks', () => {
  const { answer, fields } = send(
    'GET',
    '/p?q',
    'User-Agent:  me \r\nHost: example.org:81\r\nX-Empty:\r\nAccept: */*\r\n',
  );
  expect(answer).toBe(1);
  expect(fields).toEqual([
    [':method', 'GET'],
    [':authority', 'example.org:81'],
    [':scheme', 'https'],
    [':path', '/p?q'],
    ['user-agent', 'me'],
    ['x-empty', ''],
    ['accept', '*/*'],
  ]);
});

test('fields about the connection are left out, TE but for trailers', () => {
  const lines = [
    'Host: a',
    'Connection: keep-alive',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: close',
    'Transfer-Encoding: chunked',
    'Upgrade: websocket',
    'TE: gzip',
    'TE: trailersx, x;y="trailers"',
    'te: Trailers',
    'X: y',
  ];
  const { fields } = send('POST', '/', lines.map((line) => `${line}\r\n`).join(''), 0);
  expect(fields.slice(4)).toEqual([
    ['te', 'trailers'],
    ['x', 'y'],
  ]);
});

test.each(['trailers, deflate', 'gzip;q=0.5 , TRAILERS\t,deflate', ',deflate,trailers'])(
  'of TE: %s only trailers goes out',
  (value) => {
    expect(send('GET', '/', `Host: a\r\nTE: ${value}\r\n`).fields.slice(4)).toEqual([['te', 'trailers']]);
  },
);

test('fields that any Connection nominates are left out, wherever they stand', () => {
  const lines = [
    'X-Early: 1',
    'Host: a',
    'Connection: close',
    'Connection: keep-alive, X-Early ,x-late',
    'X: 2',
    'X-Late: 3',
    'X-Later: 4',
    'Connection: , TE, X-Other',
    'x-OTHER: 5',
    'TE: trailers',
  ];
  const { fields } = send('GET', '/', lines.map((line) => `${line}\r\n`).join(''));
  expect(fields.slice(4)).toEqual([
    ['x', '2'],
    ['x-later', '4'],
    ['te', 'trailers'],
  ]);
});

test('more than 512 octets of names that Connection nominates are refused', () => {
  const lines = (octets: number) => `Host: a\r\nConnection: ${'x'.repeat(octets - 1)}\r\nConnection: y\r\n`;
  expect(send('GET', '/', lines(508)).answer).toBe(1);
  expect(send('GET', '/', lines(511)).answer).toBe(-abi.RULE_H2_REQUEST_FIELD);
});

test('twice as many fields cost twice as much, with Connection as well', () => {
  const metered = instanceOf(meter(octetsOf('release'))) as Core & Record<string, WebAssembly.Global>;
  const counter = metered[INSTRUCTIONS] as WebAssembly.Global;
  const costOf = (fields: number): number => {
    const driver = new Http2Driver(metered);
    driver.feed(f.hello());
    counter.value = 0n;
    expect(driver.open('GET', '/', `Host: a\r\nConnection: x, y, z\r\n${'n: v\r\n'.repeat(fields)}`)).toBe(1);
    const cost = Number(counter.value);
    driver.free();
    return cost;
  };
  expect(costOf(4000) / costOf(2000)).toBeLessThan(2.2);
});

test('what one head nominates, the next may have', () => {
  const driver = new Http2Driver(core);
  driver.feed(f.hello());
  driver.open('GET', '/', 'Host: a\r\nConnection: x\r\nX: 1\r\n');
  driver.open('GET', '/', 'Host: a\r\nX: 2\r\n');
  expect(fieldsOf(driver.frames).filter(([name]) => name === 'x')).toEqual([['x', '2']]);
  driver.free();
});

test('the path of OPTIONS may be an asterisk', () => {
  const { answer, fields } = send('OPTIONS', '*', 'Host: a\r\n');
  expect(answer).toBe(1);
  expect(fields[3]).toEqual([':path', '*']);
});

test('cookies and fields of one name stay as they are', () => {
  const { fields } = send('GET', '/', 'Host: a\r\nCookie: a=b; c=d\r\nX: 1\r\nX: 2\r\n');
  expect(fields.slice(4)).toEqual([
    ['cookie', 'a=b; c=d'],
    ['x', '1'],
    ['x', '2'],
  ]);
});

test('CONNECT has an authority and neither scheme nor path', () => {
  const { fields } = send('CONNECT', 'example.org:443', 'Host: other\r\nX: y\r\n', 0);
  expect(fields).toEqual([
    [':method', 'CONNECT'],
    [':authority', 'example.org:443'],
    ['x', 'y'],
  ]);
});

test('extended CONNECT has all, and :protocol', () => {
  const { fields } = send('CONNECT', '/chat', 'Host: a\r\n', 0, 'websocket');
  expect(fields).toEqual([
    [':method', 'CONNECT'],
    [':protocol', 'websocket'],
    [':authority', 'a'],
    [':scheme', 'https'],
    [':path', '/chat'],
  ]);
});

test('extended CONNECT is refused until the peer allows it', () => {
  const driver = new Http2Driver(core);
  expect(core.connectionCanConnectProtocol(driver.handle)).toBe(0);
  expect(driver.open('CONNECT', '/chat', 'Host: a\r\n', 0, 'websocket')).toBe(-abi.RULE_H2_REQUEST_PROTOCOL);
  driver.feed(f.hello([f.SETTING.enableConnectProtocol, 1]));
  expect(core.connectionCanConnectProtocol(driver.handle)).toBe(1);
  expect(driver.open('CONNECT', '/chat', 'Host: a\r\n', 0, 'websocket')).toBe(1);
  driver.free();
});

test('a head of more than one frame goes on in CONTINUATION, each full but the last', () => {
  const value = '\xff'.repeat(20_000);
  const { fields, frames } = send('GET', '/', `Host: a\r\nX: ${value}\r\nY: ${value}\r\n`);
  expect(fields.slice(4)).toEqual([
    ['x', value],
    ['y', value],
  ]);
  const block = frames.filter(isOfBlock);
  expect(block.map(({ type, flags }) => [type, flags])).toEqual([
    [f.TYPE.headers, f.END_STREAM],
    [f.TYPE.continuation, 0],
    [f.TYPE.continuation, f.END_HEADERS],
  ]);
  expect(block.slice(0, -1).map(({ payload }) => payload.length / 2)).toEqual([16384, 16384]);
});

test('a block that fills its frame needs no other', () => {
  for (let octets = 16300; octets < 16400; octets++) {
    const { frames } = send('GET', '/', `Host: a\r\nX: ${'\xff'.repeat(octets)}\r\n`);
    const sizes = frames.filter(isOfBlock).map(({ payload }) => payload.length / 2);
    expect(sizes.every((size) => size > 0 && size <= 16384)).toBe(true);
    expect(sizes.length).toBe(Math.ceil(sizes.reduce((a, b) => a + b, 0) / 16384));
  }
});

describe('what is refused leaves no trace', () => {
  test.each([
    ['no target', 'GET', '', 'Host: a\r\n', abi.RULE_H2_REQUEST_LINE],
    ['a method that is no token', 'G\x01T', '/', 'Host: a\r\n', abi.RULE_H2_REQUEST_LINE],
    ['a target with a control octet', 'GET', '/\0', 'Host: a\r\n', abi.RULE_H2_REQUEST_LINE],
    ['a target with a line end', 'GET', '/\r\nX: y', 'Host: a\r\n', abi.RULE_H2_REQUEST_LINE],
    ['a target that is no path', 'GET', 'foo', 'Host: a\r\n', abi.RULE_H2_REQUEST_LINE],
    ['a target with an authority', 'GET', 'http://a/', 'Host: a\r\n', abi.RULE_H2_REQUEST_LINE],
    ['an asterisk for another method', 'GET', '*', 'Host: a\r\n', abi.RULE_H2_REQUEST_LINE],
    ['an asterisk for a longer method', 'OPTIONSX', '*', 'Host: a\r\n', abi.RULE_H2_REQUEST_LINE],
    ['an asterisk with more behind it', 'OPTIONS', '*x', 'Host: a\r\n', abi.RULE_H2_REQUEST_LINE],
    ['an empty Host', 'GET', '/', 'Host: \r\n', abi.RULE_H2_REQUEST_FIELD],
    ['a name that is no token', 'GET', '/', 'Host: a\r\nX y: z\r\n', abi.RULE_H2_REQUEST_FIELD],
    ['a pseudo-header field', 'GET', '/', 'Host: a\r\n:path: /other\r\n', abi.RULE_H2_REQUEST_FIELD],
    ['an empty name', 'GET', '/', 'Host: a\r\n: y\r\n', abi.RULE_H2_REQUEST_FIELD],
    ['NUL in a value', 'GET', '/', 'Host: a\r\nX: y\0z\r\n', abi.RULE_H2_REQUEST_FIELD],
    ['LF in a value', 'GET', '/', 'Host: a\r\nX: y\nz\r\n', abi.RULE_H2_REQUEST_FIELD],
    ['CR in a value', 'GET', '/', 'Host: a\r\nX: y\rz\r\n', abi.RULE_H2_REQUEST_FIELD],
    ['a line without an end', 'GET', '/', 'Host: a\r\nX: y', abi.RULE_H2_REQUEST_FIELD],
    ['a Content-Length that is no number', 'POST', '/', 'Host: a\r\nContent-Length: x\r\n', abi.RULE_H2_REQUEST_FIELD],
  ])('%s', (_name, method, target, lines, rule) => {
    const driver = new Http2Driver(core);
    const live = core.liveOctets();
    expect(driver.open(method, target, lines)).toBe(-rule);
    expect(core.liveOctets()).toBe(live);
    expect(driver.placesFree).toBe(abi.HTTP2_STREAMS_FIRST);
    expect(driver.frames.filter(isOfBlock)).toEqual([]);
    expect(driver.open()).toBe(1);
    driver.free();
  });

  test('a section that is larger than the peer says it takes', () => {
    const driver = new Http2Driver(core);
    driver.feed(f.hello([f.SETTING.maxHeaderListSize, 300]));
    expect(driver.open('GET', '/', `Host: a\r\nX: ${'y'.repeat(300)}\r\n`)).toBe(-abi.RULE_H2_REQUEST_LIST_OCTETS);
    expect(driver.open('GET', '/', 'Host: a\r\n')).toBe(1);
    driver.free();
  });
});

describe('places', () => {
  test('a hundred until SETTINGS come, then what they say, a thousand at most or where they say nothing', () => {
    const driver = new Http2Driver(core);
    expect(driver.placesFree).toBe(100);
    driver.feed(f.hello());
    expect(driver.placesFree).toBe(1000);
    driver.feed(f.settings([f.SETTING.maxConcurrentStreams, 2]));
    expect(driver.placesFree).toBe(2);
    driver.feed(f.settings());
    expect(driver.placesFree).toBe(2);
    expect([driver.open(), driver.open(), driver.open()]).toEqual([1, 3, 0]);
    driver.feed(f.head(1, 204, [], f.END_STREAM));
    expect([driver.placesFree, driver.open(), driver.placesFree]).toEqual([1, 5, 0]);
    driver.feed(f.settings([f.SETTING.maxConcurrentStreams, 0xffffffff]));
    expect(driver.placesFree).toBe(998);
    driver.feed(f.settings([f.SETTING.maxConcurrentStreams, 0]));
    expect(driver.placesFree).toBe(0);
    expect(driver.log.flatMap((entry) => (entry.kind === 'streams max' ? [entry.streams] : []))).toEqual([
      1000, 2, 1000, 0,
    ]);
    driver.free();
  });
});

describe('bodies', () => {
  /** A POST of `length` octets on a connection whose peer has said hello. */
  function post(lines: string): Http2Driver {
    const driver = new Http2Driver(core);
    driver.feed(f.hello());
    driver.open('POST', '/', `Host: a\r\n${lines}`, 0);
    return driver;
  }

  const dataOf = (driver: Http2Driver): string[] =>
    driver.frames
      .filter(({ type }) => type === f.TYPE.data)
      .map(({ payload, flags }) => `${payload.length / 2}${flags & f.END_STREAM ? ' last' : ''}`);

  test('the end that comes before output is taken marks the frame announced', () => {
    const driver = post('');
    core.connectionSend(driver.handle, 1, 4);
    core.connectionEnd(driver.handle, 1, 0, 0);
    driver.flush('body');
    expect(dataOf(driver)).toEqual(['4 last']);
    driver.free();
  });

  test('the end that comes later is an empty frame', () => {
    const driver = post('');
    driver.send(1, 'body');
    driver.end(1);
    expect(dataOf(driver)).toEqual(['4', '0 last']);
    driver.free();
  });

  test('trailers end a body, in a block of their own', () => {
    const driver = post('');
    driver.send(1, 'body');
    expect(driver.end(1, 'X-Sum: 42\r\n')).toBe(0);
    const last = driver.frames.at(-1);
    expect([last?.type, last?.flags]).toEqual([f.TYPE.headers, f.END_HEADERS | f.END_STREAM]);
    expect(fieldsOf(driver.frames).at(-1)).toEqual(['x-sum', '42']);
    driver.free();
  });

  test('Content-Length is held to', () => {
    const driver = post('Content-Length: 4\r\n');
    expect(driver.send(1, 'bodies')).toBe(-abi.RULE_H2_REQUEST_LONGER);
    expect(driver.send(1, 'bo')).toBe(2);
    expect(driver.end(1)).toBe(-abi.RULE_H2_REQUEST_SHORTER);
    expect(driver.send(1, 'dy')).toBe(2);
    expect(driver.end(1)).toBe(0);
    driver.free();
  });

  test('frames have at most 16384 octets, and stop with the smaller window', () => {
    const driver = post('');
    expect(driver.send(1, 'x'.repeat(100_000))).toBe(65535);
    expect(dataOf(driver)).toEqual(['16384', '16384', '16384', '16383']);
    driver.feed(f.windowUpdate(1, 1000));
    expect(driver.log.at(-1)?.kind).toBe('streams max');
    expect(driver.send(1, 'x')).toBe(0);
    driver.feed(f.windowUpdate(0, 10));
    expect(driver.log.at(-1)).toEqual({ kind: 'writable', stream: 1 });
    expect(driver.send(1, 'x'.repeat(100))).toBe(10);
    driver.free();
  });

  test('a stream whose own window is used up is told when that opens, and not before', () => {
    const driver = post('');
    driver.feed(f.windowUpdate(0, 1_000_000));
    expect(driver.send(1, 'x'.repeat(100_000))).toBe(65535);
    driver.feed(f.windowUpdate(0, 10));
    expect(driver.log.at(-1)?.kind).toBe('streams max');
    driver.feed(f.windowUpdate(1, 10));
    expect(driver.log.at(-1)).toEqual({ kind: 'writable', stream: 1 });
    driver.free();
  });

  test('a smaller initial window makes windows negative, which are filled up first', () => {
    const driver = post('');
    driver.feed(f.windowUpdate(0, 1_000_000));
    expect(driver.send(1, 'x'.repeat(60_000))).toBe(60_000);
    driver.feed(f.settings([f.SETTING.initialWindowSize, 1000]));
    expect(driver.send(1, 'x')).toBe(0);
    driver.feed(f.windowUpdate(1, 59_000));
    expect(driver.send(1, 'x')).toBe(0);
    driver.feed(f.windowUpdate(1, 1));
    expect(driver.send(1, 'xx')).toBe(1);
    driver.feed(f.settings([f.SETTING.initialWindowSize, 2000]));
    expect(driver.log.at(-1)).toEqual({ kind: 'writable', stream: 1 });
    expect(driver.send(1, 'x'.repeat(5000))).toBe(1000);
    driver.free();
  });

  test('those that wait for the connection go on in turn', () => {
    const driver = post('');
    for (let i = 0; i < 3; i++) driver.open('POST', '/', undefined, 0);
    driver.feed(Buffer.concat([3, 5, 7].map((stream) => f.windowUpdate(stream, 1_000_000))));
    const body = 'x'.repeat(100_000);
    for (const stream of [1, 3, 5, 7]) driver.send(stream, body);
    const turns: number[] = [];
    for (let i = 0; i < 9; i++) {
      const before = driver.log.length;
      driver.feed(f.windowUpdate(0, 100));
      const told = driver.log.slice(before).flatMap((entry) => (entry.kind === 'writable' ? [entry.stream] : []));
      for (const stream of told) if (driver.send(stream, body) > 0) turns.push(stream);
    }
    expect(turns).toEqual([3, 5, 7, 3, 5, 7, 3, 5, 7]);
    driver.free();
  });

  test('who was told and has nothing to send keeps nobody waiting', () => {
    const driver = post('');
    driver.open('POST', '/', undefined, 0);
    driver.send(1, 'x'.repeat(65535));
    for (const stream of [1, 3]) driver.send(stream, 'x');
    driver.feed(Buffer.concat([f.windowUpdate(1, 100), f.windowUpdate(0, 100)]));
    expect(driver.log.slice(-2)).toEqual([
      { kind: 'writable', stream: 3 },
      { kind: 'writable', stream: 1 },
    ]);
    driver.end(3);
    expect(driver.send(1, 'x'.repeat(200))).toBe(100);
    driver.feed(f.windowUpdate(0, 100));
    driver.free();
  });

  test('an early response stops the body, and RST_STREAM says so', () => {
    const driver = post('');
    driver.send(1, 'some');
    driver.feed(Buffer.concat([f.head(1, 413), f.data(1, 'no', f.END_STREAM)]));
    expect(driver.frames.at(-1)).toMatchObject({ type: f.TYPE.rstStream, stream: 1, payload: '00000000' });
    expect([driver.send(1, 'more'), driver.end(1)]).toEqual([0, 0]);
    driver.free();
  });

  test('100 (Continue) lets a body go that waits for it', () => {
    const driver = new Http2Driver(core);
    driver.feed(f.hello());
    driver.open('POST', '/', undefined, abi.OPEN_EXPECT_CONTINUE);
    driver.feed(Buffer.concat([f.head(1, 100), f.head(1, 100)]));
    expect(driver.log.slice(1).map(({ kind }) => kind)).toEqual(['interim', 'writable', 'interim']);
    driver.free();
  });
});

test('stream numbers run out: nothing more is opened, and the reason says why', () => {
  const driver = new Http2Driver(core);
  driver.feed(f.hello());
  driver.open();
  // The member after the reasons and limits: only a debugger would wait for 2^30 requests.
  const words = new Uint32Array(core.memory.buffer);
  const at = (driver.handle >>> 2) - ((driver.handle & 3) >>> 2);
  const place = Array.from({ length: 40 }, (_, i) => at + i).find((i) => words[i] === 3);
  words[place as number] = 0x7fffffff;
  expect(driver.placesFree).toBe(1);
  expect(driver.open()).toBe(0x7fffffff);
  expect([driver.placesFree, driver.open(), driver.closeReason]).toEqual([0, 0, abi.CLOSE_STREAMS_EXHAUSTED]);
  driver.feed(f.head(0x7fffffff, 204, [], f.END_STREAM));
  expect(driver.log.at(-1)).toMatchObject({ kind: 'end', stream: 0x7fffffff, reusable: false });
  driver.free();
});
