/**
 * Every state of a stream with every input (RFC 9113 §5.1, §8.1): what is said of it and what is written. The table here is
 * written from the RFC, and knows nothing of the one in assembly/h2/state.ts.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as abi from '../../../assembly/abi.js';
import { BUILDS, loadCore } from '../../support/core-module.js';
import { Http2Driver, type Http2Entry, type WrittenFrame } from '../../support/http2-driver.js';
import * as f from '../../support/http2-frames.js';

/** Brings stream 1 into a state. */
const STATES: Readonly<Record<string, (driver: Http2Driver) => void>> = {
  idle: () => {},
  'sending, no head': (driver) => void driver.open('POST', '/', undefined, 0),
  'sending, content': (driver) => {
    driver.open('POST', '/', undefined, 0);
    driver.feed(f.head(1, 200));
  },
  'sent, no head': (driver) => void driver.open(),
  'sent, content': (driver) => {
    driver.open();
    driver.feed(f.head(1, 200));
  },
  'sending, content complete': (driver) => {
    driver.open('POST', '/', undefined, 0);
    driver.feed(Buffer.concat([f.head(1, 200, [['content-length', '4']]), f.data(1, 'some')]));
  },
  'sent, content complete': (driver) => {
    driver.open();
    driver.feed(Buffer.concat([f.head(1, 200, [['content-length', '4']]), f.data(1, 'some')]));
  },
  'tunnel that the peer ended': (driver) => {
    driver.open('CONNECT', 'example.org:443', undefined, 0);
    driver.feed(Buffer.concat([f.head(1, 200), f.data(1, '', f.END_STREAM)]));
  },
  ended: (driver) => {
    driver.open();
    driver.feed(f.head(1, 204, [], f.END_STREAM));
  },
  'reset by the peer': (driver) => {
    driver.open();
    driver.feed(f.rstStream(1, abi.H2_CANCEL));
  },
  'reset by us': (driver) => {
    driver.open();
    driver.cancel(1);
  },
};

const INPUTS: Readonly<Record<string, (driver: Http2Driver) => void>> = {
  HEADERS: (driver) => driver.feed(f.head(1, 200)),
  'HEADERS, last': (driver) => driver.feed(f.head(1, 200, [], f.END_STREAM)),
  'trailers, last': (driver) => driver.feed(f.headers(1, [['a', 'b']], f.END_STREAM)),
  DATA: (driver) => driver.feed(f.data(1, 'some')),
  'DATA, last': (driver) => driver.feed(f.data(1, 'some', f.END_STREAM)),
  RST_STREAM: (driver) => driver.feed(f.rstStream(1, abi.H2_INTERNAL_ERROR)),
  'RST_STREAM, no error': (driver) => driver.feed(f.rstStream(1, abi.H2_NO_ERROR)),
  WINDOW_UPDATE: (driver) => driver.feed(f.windowUpdate(1, 1)),
  PRIORITY: (driver) => driver.feed(f.frame(f.TYPE.priority, 0, 1, '\0\0\0\0\0')),
  PUSH_PROMISE: (driver) => driver.feed(f.frame(f.TYPE.pushPromise, f.END_HEADERS, 1, '\0\0\0\x02')),
  'our body': (driver) => void driver.send(1, 'ours'),
  'our end': (driver) => void driver.end(1),
  'our cancelling': (driver) => driver.cancel(1),
};

function saidOf(entry: Http2Entry): string {
  if (entry.kind === 'stream error' || entry.kind === 'error' || entry.kind === 'reset')
    return `${entry.kind} ${entry.code}`;
  if (entry.kind === 'end' && entry.trailers.length > 0) return 'end with trailers';
  return entry.kind;
}

function writtenOf({ type, flags, payload }: WrittenFrame): string {
  switch (type) {
    case f.TYPE.data:
      return `DATA ${payload.length / 2}${flags & f.END_STREAM ? ' last' : ''}`;
    case f.TYPE.rstStream:
      return `RST_STREAM ${Number.parseInt(payload, 16)}`;
    case f.TYPE.goaway:
      return `GOAWAY ${Number.parseInt(payload.slice(8, 16), 16)}`;
    default:
      return `type ${type}`;
  }
}

const NOTHING = '';
const IDLE_ERROR = 'error 1, GOAWAY 1';
const CLOSED_ERROR = 'error 5, GOAWAY 5';
const EARLY = 'stream error 1, RST_STREAM 1';
const REFUSED = 'RST_STREAM 5';
const PUSH = 'error 1, GOAWAY 1';
const RESET = 'reset 2';
const RESET_CLEAN = 'reset 0';
const CANCELLED = 'RST_STREAM 8';
/** The response was over before the request was. */
const STOPPED = ', RST_STREAM 0';

// In the order of STATES and INPUTS.
// biome-ignore format: a table
const EXPECTED: readonly (readonly string[])[] = [
  // HEADERS, HEADERS last, trailers last, DATA, DATA last, RST_STREAM, …no error, WINDOW_UPDATE, PRIORITY, PUSH_PROMISE, body, end, cancelling
  [IDLE_ERROR, IDLE_ERROR, IDLE_ERROR, IDLE_ERROR, IDLE_ERROR, IDLE_ERROR, IDLE_ERROR, IDLE_ERROR, NOTHING, PUSH, NOTHING, NOTHING, NOTHING],
  ['head', `head, end${STOPPED}`, EARLY, EARLY, EARLY, RESET, RESET_CLEAN, NOTHING, NOTHING, PUSH, 'DATA 4', 'DATA 0 last', CANCELLED],
  [EARLY, EARLY, `end with trailers${STOPPED}`, 'content', `content, end${STOPPED}`, RESET, RESET_CLEAN, NOTHING, NOTHING, PUSH, 'DATA 4', 'DATA 0 last', CANCELLED],
  ['head', 'head, end', EARLY, EARLY, EARLY, RESET, RESET_CLEAN, NOTHING, NOTHING, PUSH, NOTHING, NOTHING, CANCELLED],
  [EARLY, EARLY, 'end with trailers', 'content', 'content, end', RESET, RESET_CLEAN, NOTHING, NOTHING, PUSH, NOTHING, NOTHING, CANCELLED],
  [EARLY, EARLY, `end with trailers${STOPPED}`, EARLY, EARLY, RESET, 'end', NOTHING, NOTHING, PUSH, 'DATA 4', 'DATA 0 last', CANCELLED],
  [EARLY, EARLY, 'end with trailers', EARLY, EARLY, RESET, 'end', NOTHING, NOTHING, PUSH, NOTHING, NOTHING, CANCELLED],
  [CLOSED_ERROR, CLOSED_ERROR, CLOSED_ERROR, CLOSED_ERROR, CLOSED_ERROR, RESET, RESET_CLEAN, NOTHING, NOTHING, PUSH, 'DATA 4', 'DATA 0 last', CANCELLED],
  [CLOSED_ERROR, CLOSED_ERROR, CLOSED_ERROR, CLOSED_ERROR, CLOSED_ERROR, NOTHING, NOTHING, NOTHING, NOTHING, PUSH, NOTHING, NOTHING, NOTHING],
  [REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, NOTHING, NOTHING, NOTHING, NOTHING, PUSH, NOTHING, NOTHING, NOTHING],
  [NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, PUSH, NOTHING, NOTHING, NOTHING],
];

/** What they are called in assembly/h2/state.ts; some of it is there twice here. */
const STATES_OF_TABLE: Readonly<Record<string, string>> = {
  idle: 'IDLE',
  'sending, no head': 'SENDING_HEAD',
  'sending, content': 'SENDING_CONTENT',
  'sent, no head': 'SENT_HEAD',
  'sent, content': 'SENT_CONTENT',
  'tunnel that the peer ended': 'SENDING_ENDED',
  ended: 'ENDED',
  'reset by the peer': 'RESET',
  'reset by us': 'GONE',
};
const INPUTS_OF_TABLE: Readonly<Record<string, string>> = {
  HEADERS: 'INPUT_HEADERS',
  'HEADERS, last': 'INPUT_HEADERS_LAST',
  DATA: 'INPUT_DATA',
  'DATA, last': 'INPUT_DATA_LAST',
  RST_STREAM: 'INPUT_RST_STREAM',
  'RST_STREAM, no error': 'INPUT_RST_STREAM_LAST',
  WINDOW_UPDATE: 'INPUT_WINDOW_UPDATE',
  'our body': 'INPUT_SEND',
  'our end': 'INPUT_END',
  'our cancelling': 'INPUT_CANCEL',
};

test('no state and no input is left out', () => {
  const source = readFileSync(new URL('../../../assembly/h2/state.ts', import.meta.url), 'utf8');
  const [, states = '', inputs = ''] = source.split(/^\/\/ ── .*$/m);
  const constants = (section: string): string[] =>
    [...section.matchAll(/^export const (\w+): u32/gm)].map(([, name = '']) => name);
  expect(Object.values(STATES_OF_TABLE)).toEqual(expect.arrayContaining(constants(states)));
  expect(Object.values(INPUTS_OF_TABLE)).toEqual(expect.arrayContaining(constants(inputs)));
  expect(Object.keys(STATES)).toEqual(expect.arrayContaining(Object.keys(STATES_OF_TABLE)));
  expect(Object.keys(INPUTS)).toEqual(expect.arrayContaining(Object.keys(INPUTS_OF_TABLE)));
  expect(EXPECTED.map((row) => row.length)).toEqual(Object.keys(STATES).map(() => Object.keys(INPUTS).length));
});

describe.each(BUILDS)('build %s', (build) => {
  const core = loadCore(build);
  const rows = Object.entries(STATES).flatMap(([state, enter], row) =>
    Object.entries(INPUTS).map(([input, give], column) => ({
      state,
      input,
      enter,
      give,
      expected: EXPECTED[row]?.[column],
    })),
  );

  test.each(rows)('$state: $input', ({ enter, give, expected }) => {
    const live = core.liveOctets();
    const driver = new Http2Driver(core);
    driver.feed(f.hello());
    enter(driver);
    driver.flush();
    const [said, written] = [driver.log.length, driver.frames.length];
    give(driver);
    const found = [...driver.log.slice(said).map(saidOf), ...driver.frames.slice(written).map(writtenOf)];
    expect(found.join(', ')).toBe(expected);
    driver.free();
    expect(core.liveOctets()).toBe(live);
  });
});
