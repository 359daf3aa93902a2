/** How the end of a message is found (RFC 9112 §6.3), and what the fields that say so may say (RFC 9110 §8.6, 9112 §6.1). */
import { describe, expect, test } from 'vitest';
import * as abi from '../../assembly/abi.js';
import { Driver, everySplit, octets } from '../support/core-connection.js';
import { BUILDS, type Core, loadCore } from '../support/core-module.js';

const REQUESTS: Record<string, number> = {
  GET: 0,
  HEAD: abi.OPEN_HEAD,
  CONNECT: abi.OPEN_CONNECT,
  Upgrade: abi.OPEN_UPGRADE,
};
const FIELDS: Record<string, string> = {
  none: '',
  length: 'Content-Length: 7\r\n',
  chunked: 'Transfer-Encoding: chunked\r\n',
  both: 'Content-Length: 7\r\nTransfer-Encoding: chunked\r\n',
};

/** What a connection does after a head: how it goes on, or the rule it broke. */
function decision(core: Core, request: string, status: number, fields: string, version = '1.1'): string {
  const open = (REQUESTS[request] as number) | abi.OPEN_END_STREAM;
  const input = octets(`HTTP/${version} ${status} Reason\r\n${FIELDS[fields]}\r\n`);
  everySplit(core, input, { open });
  const driver = new Driver(core);
  driver.open(open);
  driver.feed(input);
  const [first, second] = driver.log;
  const passing = driver.passing;
  driver.free();
  if (first?.kind === 'error') return `rule ${first.rule}`;
  if (first?.kind === 'interim') return 'interim';
  if (second !== undefined) return second.kind === 'end' ? 'empty' : second.kind;
  return passing === Number.POSITIVE_INFINITY ? 'until close' : passing > 0 ? `length ${passing}` : 'chunked';
}

// Rules: 17 Transfer-Encoding and Content-Length, 18 in HTTP/1.0, 20 switching unasked.
// biome-ignore format: a table
const TABLE: readonly (readonly [request: string, status: number, none: string, length: string, chunked: string, both: string])[] = [
  ['GET',     100, 'interim',     'interim',  'interim', 'interim'],
  ['GET',     101, 'rule 20',     'rule 20',  'rule 20', 'rule 20'],
  ['GET',     199, 'interim',     'interim',  'interim', 'interim'],
  ['GET',     200, 'until close', 'length 7', 'chunked', 'rule 17'],
  ['GET',     204, 'empty',       'empty',    'empty', 'empty'],
  ['GET',     205, 'until close', 'length 7', 'chunked', 'rule 17'],
  ['GET',     304, 'empty',       'empty',    'empty',   'empty'],
  ['GET',     404, 'until close', 'length 7', 'chunked', 'rule 17'],
  ['GET',     999, 'until close', 'length 7', 'chunked', 'rule 17'],
  ['HEAD',    100, 'interim',     'interim',  'interim', 'interim'],
  ['HEAD',    200, 'empty',       'empty',    'empty',   'empty'],
  ['HEAD',    204, 'empty',       'empty',    'empty', 'empty'],
  ['HEAD',    304, 'empty',       'empty',    'empty',   'empty'],
  ['HEAD',    500, 'empty',       'empty',    'empty',   'empty'],
  ['CONNECT', 100, 'interim',     'interim',  'interim', 'interim'],
  ['CONNECT', 200, 'upgrade',     'upgrade',  'upgrade', 'upgrade'],
  ['CONNECT', 204, 'upgrade',     'upgrade',  'upgrade', 'upgrade'],
  ['CONNECT', 299, 'upgrade',     'upgrade',  'upgrade', 'upgrade'],
  ['CONNECT', 304, 'empty',       'empty',    'empty',   'empty'],
  ['CONNECT', 407, 'until close', 'length 7', 'chunked', 'rule 17'],
  ['Upgrade', 101, 'upgrade',     'upgrade',  'upgrade', 'upgrade'],
  ['Upgrade', 200, 'until close', 'length 7', 'chunked', 'rule 17'],
];

describe.each(BUILDS)('build %s', (build) => {
  const core = loadCore(build);

  test.each(TABLE)('the answer to %s with status %i', (request, status, ...wanted) => {
    expect(Object.keys(FIELDS).map((fields) => decision(core, request, status, fields))).toEqual(wanted);
  });

  test('HTTP/1.0 has no Transfer-Encoding, in no message with a body', () => {
    const found = [
      ['GET', 200],
      ['GET', 205],
      ['CONNECT', 404],
      ['HEAD', 200],
      ['GET', 103],
      ['GET', 204],
      ['GET', 304],
      ['CONNECT', 200],
    ].map(([request, status]) => decision(core, request as string, status as number, 'chunked', '1.0'));
    expect(found).toEqual(['rule 18', 'rule 18', 'rule 18', 'empty', 'interim', 'empty', 'empty', 'upgrade']);
  });

  // What frames no message is passed over where the head ends it, but the connection is not used again.
  test.each([
    ['1.1', 'Content-Length: 7', true],
    ['1.1', 'Transfer-Encoding: chunked', true],
    ['1.1', 'Content-Length: 7\r\nTransfer-Encoding: chunked', false],
    ['1.1', 'Transfer-Encoding: chunked\r\nContent-Length: 7', false],
    ['1.1', 'Transfer-Encoding: gzip, chunked', false],
    ['1.1', 'Transfer-Encoding: identity\r\nX: y', false],
    ['1.1', 'Transfer-Encoding:', false],
    ['1.1', 'Transfer-Encoding: x\r\nTransfer-Encoding: chunked', false],
    ['1.1', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', false],
    ['1.0', 'Connection: keep-alive\r\nContent-Length: 7', true],
    ['1.0', 'Connection: keep-alive\r\nTransfer-Encoding: chunked', false],
  ])('a message of HTTP/%s that its head ends, with %j: reusable %s', (version, fields, reusable) => {
    const last = version === '1.0' ? 'Connection: keep-alive\r\n' : '';
    const text = (status: number): string => `HTTP/${version} ${status} Reason\r\n${fields}\r\n\r\n`;
    for (const [input, open] of [
      [text(200), abi.OPEN_HEAD],
      [text(404), abi.OPEN_HEAD],
      [text(204), 0],
      [text(304), 0],
      [`${text(103)}HTTP/${version} 204 Reason\r\n${last}\r\n`, 0],
    ] as const) {
      const { log, closeReason } = everySplit(core, octets(input), { open: open | abi.OPEN_END_STREAM });
      expect(log.at(-1)).toMatchObject({ kind: 'end', reusable });
      expect(closeReason).toBe(reusable ? abi.CLOSE_NONE : abi.CLOSE_FRAMING_DOUBTFUL);
    }
  });

  test.each([204, 304, 103, 200])(
    'a Content-Length that is none is refused in a %i that has no body, too',
    (status) => {
      const input = octets(`HTTP/1.1 ${status} Reason\r\nContent-Length: x\r\n\r\n`);
      const { log } = everySplit(core, input, { open: abi.OPEN_HEAD | abi.OPEN_END_STREAM });
      expect(log).toMatchObject([{ rule: abi.RULE_CONTENT_LENGTH }]);
    },
  );

  /** The body length that Content-Length lines lead to, or the rule and the octet that broke it. */
  test.each([
    [['0005'], 5],
    [['5, 5'], 5],
    [['5 ,\t5,5'], 5],
    [['5', '5', '5,5'], 5],
    [[`${'0'.repeat(300)}5`], 5],
    [['9007199254740991'], 9007199254740991],
    [['9007199254740992'], [abi.RULE_CONTENT_LENGTH, 0x32]],
    [['9007199254741000'], [abi.RULE_CONTENT_LENGTH, 0x30]],
    [['90071992547409910'], [abi.RULE_CONTENT_LENGTH, 0x30]],
    [['18446744073709551616'], [abi.RULE_CONTENT_LENGTH, 0x31]],
    [[''], [abi.RULE_CONTENT_LENGTH, abi.NONE]],
    [['5,'], [abi.RULE_CONTENT_LENGTH, abi.NONE]],
    [[',5'], [abi.RULE_CONTENT_LENGTH, 0x2c]],
    [['5,,5'], [abi.RULE_CONTENT_LENGTH, 0x2c]],
    [['+5'], [abi.RULE_CONTENT_LENGTH, 0x2b]],
    [['5 5'], [abi.RULE_CONTENT_LENGTH, 0x35]],
    [['0x5'], [abi.RULE_CONTENT_LENGTH, 0x78]],
    [['5, 6'], [abi.RULE_CONTENT_LENGTH_DIFFERS, 0x36]],
    [['5, 05'], [abi.RULE_CONTENT_LENGTH_DIFFERS, 0x30]],
    [
      ['5', '6'],
      [abi.RULE_CONTENT_LENGTH_DIFFERS, 0x36],
    ],
    [
      ['5', '05'],
      [abi.RULE_CONTENT_LENGTH_DIFFERS, 0x30],
    ],
  ])('Content-Length %j', (values, wanted) => {
    const lines = (values as string[]).map((value) => `Content-Length: ${value}\r\n`).join('');
    const input = octets(`HTTP/1.1 200 OK\r\n${lines}\r\n`);
    everySplit(core, input);
    const driver = new Driver(core);
    driver.open();
    driver.feed(input);
    const error = driver.log.find(({ kind }) => kind === 'error');
    const found = error?.kind === 'error' ? [error.rule, error.octet] : driver.passing;
    driver.free();
    expect(found).toEqual(wanted);
  });

  test.each([
    ['chunked', 0],
    ['CHUNKED', 0],
    ['chunked ', 0],
    ['', abi.RULE_TRANSFER_ENCODING],
    ['chunke', abi.RULE_TRANSFER_ENCODING],
    ['chunkedd', abi.RULE_TRANSFER_ENCODING],
    ['"chunked"', abi.RULE_TRANSFER_ENCODING],
    ['chunked;q=1', abi.RULE_TRANSFER_ENCODING],
    ['chunked,', abi.RULE_TRANSFER_ENCODING],
    ['chunked, chunked', abi.RULE_TRANSFER_ENCODING],
    ['gzip, chunked', abi.RULE_TRANSFER_ENCODING],
    ['identity', abi.RULE_TRANSFER_ENCODING],
    ['chunked\r\nTransfer-Encoding: chunked', abi.RULE_TRANSFER_ENCODING],
  ])('a response with Transfer-Encoding: %j', (value, rule) => {
    const { log } = everySplit(core, octets(`HTTP/1.1 200 OK\r\nTransfer-Encoding: ${value}\r\n\r\n`));
    expect(log[0]).toMatchObject(rule === 0 ? { kind: 'head' } : { kind: 'error', rule });
  });

  test.each([
    ['gzip, chunked', 0],
    ['gzip\r\nTransfer-Encoding: chunked', 0],
    ['gzip', abi.RULE_CHUNKED_NOT_LAST],
    ['chunked, gzip', abi.RULE_CHUNKED_NOT_LAST],
    ['chunked, chunked', abi.RULE_CHUNKED_NOT_LAST],
    ['chunked\r\nTransfer-Encoding: gzip', abi.RULE_CHUNKED_NOT_LAST],
    ['', abi.RULE_TRANSFER_ENCODING],
    ['gzip,, chunked', abi.RULE_TRANSFER_ENCODING],
    ['gzip chunked', abi.RULE_TRANSFER_ENCODING],
    ['chunked\r\nContent-Length: 1', abi.RULE_TRANSFER_ENCODING_AND_LENGTH],
  ])('a request with Transfer-Encoding: %j', (value, rule) => {
    const text = `POST / HTTP/1.1\r\nTransfer-Encoding: ${value}\r\n\r\n`;
    const { log } = everySplit(core, octets(text), { role: abi.ROLE_REQUESTS });
    expect(log[0]).toMatchObject(rule === 0 ? { kind: 'head' } : { kind: 'error', rule });
  });
});
