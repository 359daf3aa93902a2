/** Every state of a connection under every input: the records, whether a request can be opened, and the close reason. */
import { describe, expect, test } from 'vitest';
import * as abi from '../../assembly/abi.js';
import { Driver, octets } from '../support/core-connection.js';
import { BUILDS, type Core, loadCore } from '../support/core-module.js';

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

/** How each state is reached. */
const STATES: Record<string, (core: Core) => Driver> = {
  idle: (core) => new Driver(core),
  'idle again': (core) => opened(core, 'HTTP/1.1 204 No Content\r\n\r\n'),
  head: (core) => opened(core, ''),
  'half a head': (core) => opened(core, 'HTTP/1.1 2'),
  'after an interim head': (core) => opened(core, 'HTTP/1.1 102 Processing\r\n\r\n'),
  fixed: (core) => opened(core, 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n'),
  'until close': (core) => opened(core, 'HTTP/1.1 200 OK\r\n\r\n'),
  'chunk line': (core) => opened(core, CHUNKED),
  'chunk data': (core) => opened(core, `${CHUNKED}1\r\n`),
  trailers: (core) => opened(core, `${CHUNKED}0\r\n`),
  upgraded: (core) => opened(core, 'HTTP/1.1 101 Switching\r\n\r\n', abi.OPEN_UPGRADE | abi.OPEN_END_STREAM),
  ended: (core) => opened(core, 'HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n'),
  failed: (core) => opened(core, 'x'),
  cancelled: (core) => {
    const driver = opened(core, 'HTTP/1.1 2');
    driver.cancel(1);
    return driver;
  },
  'between requests': (core) => new Driver(core, { role: abi.ROLE_REQUESTS }),
};

function opened(core: Core, input: string, bits: number = abi.OPEN_END_STREAM): Driver {
  const driver = new Driver(core);
  driver.open(bits);
  driver.feed(octets(input));
  return driver;
}

const INPUTS: Record<string, (core: Core, driver: Driver) => number | undefined> = {
  open: (_, driver) => driver.open(),
  octet: (core, { handle }) => {
    new Uint8Array(core.memory.buffer)[core.inputOffset()] = 0x21;
    return core.connectionReceive(handle, 0, 1);
  },
  passed: (core, { handle }) => core.connectionPassed(handle),
  closed: (core, { handle }) => core.connectionReceiveEnd(handle),
  end: (_, driver) => driver.end(1),
  cancel: (_, driver) => {
    driver.cancel(1);
    return undefined;
  },
};

const KINDS: Record<number, string> = {
  [abi.KIND_HEAD]: 'head',
  [abi.KIND_END]: 'end',
  [abi.KIND_UPGRADE]: 'upgrade',
  [abi.KIND_ERROR]: 'error',
};

/** The records of a call, the code of each with it. */
function recordsOf(core: Core, count: number): string {
  const view = new DataView(core.memory.buffer, core.eventsOffset(), count * abi.EVENT_OCTETS);
  return Array.from({ length: count }, (_, i) => {
    const at = i * abi.EVENT_OCTETS;
    return `${KINDS[view.getUint32(at, true)]} ${view.getUint32(at + abi.EVENT_CODE, true)}`;
  }).join(', ');
}

/** What an input did: "stream n" or the records; then "open" if another request can begin, or the close reason. */
function outcome(core: Core, state: string, input: string): string {
  const driver = (STATES[state] as (core: Core) => Driver)(core);
  const result = INPUTS[input]?.(core, driver);
  const did = input === 'open' ? (result ? `stream ${result}` : '') : recordsOf(core, result ?? 0);
  const now = driver.canOpen ? 'open' : `reason ${driver.closeReason}`;
  driver.free();
  return did === '' ? now : `${did}; ${now}`;
}

// Reasons: 1 peer asked, 3 delimited, 4 surplus, 5 protocol error, 6 peer closed, 7 upgraded, 10 cancelled.
// Rules: 2 unsolicited, 3 version, 6 line end, 7 field name, 21 chunk size, 28 to 30 closed early, in head, in body.
// biome-ignore format: a table
const TABLE: Record<string, readonly [open: string, octet: string, passed: string, closed: string, end: string, cancel: string]> = {
  'idle':                  ['stream 1; reason 0', 'error 2; reason 4',   'open',               'reason 6',           'open',     'open'],
  'idle again':            ['stream 2; reason 0', 'error 2; reason 4',   'open',               'reason 6',           'open',     'open'],
  'head':                  ['reason 0',           'error 3; reason 5',   'reason 0',           'error 28; reason 6', 'reason 0', 'reason 10'],
  'half a head':           ['reason 0',           'error 4; reason 5',   'reason 0',           'error 29; reason 6', 'reason 0', 'reason 10'],
  'after an interim head': ['reason 0',           'error 3; reason 5',   'reason 0',           'error 29; reason 6', 'reason 0', 'reason 10'],
  'fixed':                 ['reason 0',           'reason 0',            'end 1; open',        'error 30; reason 6', 'reason 0', 'reason 10'],
  'until close':           ['reason 0',           'reason 0',            'reason 0',           'end 0; reason 3',    'reason 0', 'reason 10'],
  'chunk line':            ['reason 0',           'error 21; reason 5',  'reason 0',           'error 30; reason 6', 'reason 0', 'reason 10'],
  'chunk data':            ['reason 0',           'reason 0',            'reason 0',           'error 30; reason 6', 'reason 0', 'reason 10'],
  'trailers':              ['reason 0',           'reason 0',            'reason 0',           'error 30; reason 6', 'reason 0', 'reason 10'],
  'upgraded':              ['reason 7',           'upgrade 0; reason 7', 'reason 7',           'reason 7',           'reason 7', 'reason 7'],
  'ended':                 ['reason 1',           'error 2; reason 1',   'reason 1',           'reason 1',           'reason 1', 'reason 1'],
  'failed':                ['reason 5',           'reason 5',            'reason 5',           'reason 5',           'reason 5', 'reason 5'],
  'cancelled':             ['reason 10',          'reason 10',           'reason 10',          'reason 10',          'reason 10', 'reason 10'],
  'between requests':      ['reason 0',           'reason 0',            'reason 0',           'reason 6',           'reason 0', 'reason 0'],
};

describe.each(BUILDS)('build %s', (build) => {
  test.each(Object.keys(STATES))('what each input does: %s', (state) => {
    const core = loadCore(build);
    expect(Object.keys(INPUTS).map((input) => outcome(core, state, input))).toEqual(TABLE[state]);
    expect(core.liveOctets()).toBe(0);
  });
});
