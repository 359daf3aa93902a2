/** What an HTTP/1.1 connection says of whole exchanges: heads, interim heads, reuse, limits, upgrades, requests. */
import { describe, expect, test } from 'vitest';
import * as abi from '../../assembly/abi.js';
import {
  Driver,
  type Entry,
  type Exchange,
  everySplit,
  type Outcome,
  octets,
  run,
} from '../support/core-connection.js';
import { BUILDS, loadCore } from '../support/core-module.js';

const OK = 'HTTP/1.1 200 OK\r\n';
const EMPTY = 'Content-Length: 0\r\n\r\n';

const kinds = (log: readonly Entry[]): string[] => log.map(({ kind }) => kind);
const errorOf = (log: readonly Entry[]): Entry | undefined => log.find(({ kind }) => kind === 'error');
const headOf = (log: readonly Entry[]): Entry | undefined => log.find(({ kind }) => kind === 'head');

describe.each(BUILDS)('build %s', (build) => {
  const core = loadCore(build);
  const split = (text: string, exchange: Exchange = {}): Outcome => everySplit(core, octets(text), exchange);

  test.each([
    ['Content-Type', abi.FIELD_CONTENT_TYPE],
    ['Connection', abi.FIELD_CONNECTION],
    ['Content-Encoding', abi.FIELD_CONTENT_ENCODING],
    ['Set-Cookie', abi.FIELD_SET_COOKIE],
    ['Location', abi.FIELD_LOCATION],
    ['Date', abi.FIELD_DATE],
    ['Server', abi.FIELD_SERVER],
    ['Keep-Alive', abi.FIELD_KEEP_ALIVE],
    ['WWW-Authenticate', abi.FIELD_WWW_AUTHENTICATE],
    ['Cache-Control', abi.FIELD_CACHE_CONTROL],
    ['ETag', abi.FIELD_ETAG],
    ['Last-Modified', abi.FIELD_LAST_MODIFIED],
    ['Vary', abi.FIELD_VARY],
    ['Upgrade', abi.FIELD_UPGRADE],
    ['Link', abi.FIELD_LINK],
  ])('%s is known in any case, and no name near it', (name, id) => {
    const idOf = (text: string): number | undefined => {
      const head = headOf(run(core, octets(`${OK}${text}: 1\r\n${EMPTY}`)).log);
      return head?.kind === 'head' ? head.fields[0]?.[2] : undefined;
    };
    expect([name, name.toUpperCase(), name.toLowerCase()].map(idOf)).toEqual([id, id, id]);
    for (let at = 0; at < name.length; at++) {
      expect(idOf(`${name.slice(0, at)}~${name.slice(at + 1)}`)).toBe(abi.FIELD_OTHER);
      expect(idOf(name.slice(0, at) + name.slice(at + 1))).toBe(abi.FIELD_OTHER);
    }
  });

  test.each([
    ['Content-Length: 0', abi.FLAG_CONTENT_LENGTH | abi.FLAG_NO_BODY],
    ['Content-Length: 1', abi.FLAG_CONTENT_LENGTH],
    ['Transfer-Encoding: Chunked', abi.FLAG_CHUNKED],
    ['X: y', abi.FLAG_CLOSE | abi.FLAG_UNTIL_CLOSE],
    ['Content-Length: 1\r\nConnection: a, close', abi.FLAG_CONTENT_LENGTH | abi.FLAG_CLOSE],
    ['Content-Length: 1\r\nConnection: Keep-Alive', abi.FLAG_CONTENT_LENGTH | abi.FLAG_KEEP_ALIVE],
    ['Content-Length: 1\r\nLocation: /', abi.FLAG_CONTENT_LENGTH | abi.FLAG_LOCATION],
    ['Content-Length: 1\r\nSet-Cookie: a=b', abi.FLAG_CONTENT_LENGTH | abi.FLAG_SET_COOKIE],
    ['Content-Length: 1\r\nContent-Encoding: gzip', abi.FLAG_CONTENT_LENGTH | abi.FLAG_CONTENT_ENCODING],
    ['Content-Length: 1\r\nWWW-Authenticate: Basic', abi.FLAG_CONTENT_LENGTH | abi.FLAG_WWW_AUTHENTICATE],
  ])('the flags of a head with %j', (fields, flags) => {
    expect(headOf(split(`${OK}${fields}\r\n\r\n`).log)).toMatchObject({ flags });
  });

  test.each([
    ['HTTP/1.1', 'X: y', true, abi.CLOSE_NONE],
    ['HTTP/1.1', 'Connection: close', false, abi.CLOSE_PEER_ASKED],
    ['HTTP/1.1', 'Connection: keep-alive\r\nConnection: x, CLOSE', false, abi.CLOSE_PEER_ASKED],
    ['HTTP/1.1', 'Connection: , ,close,', false, abi.CLOSE_PEER_ASKED],
    ['HTTP/1.1', 'Connection: closed', true, abi.CLOSE_NONE],
    ['HTTP/1.1', 'Connection: close~', true, abi.CLOSE_NONE],
    ['HTTP/1.1', 'Connection: clos~', true, abi.CLOSE_NONE],
    ['HTTP/1.0', 'Connection: keep-aliv~', false, abi.CLOSE_HTTP_1_0],
    ['HTTP/1.0', 'Connection: keep~alive', false, abi.CLOSE_HTTP_1_0],
    ['HTTP/1.0', 'X: y', false, abi.CLOSE_HTTP_1_0],
    ['HTTP/1.0', 'Connection: keep-alive', true, abi.CLOSE_NONE],
    ['HTTP/1.0', 'Connection: keep-alive, close', false, abi.CLOSE_PEER_ASKED],
    ['HTTP/1.9', 'X: y', true, abi.CLOSE_NONE],
  ])('%s with %j: reusable %s', (version, fields, reusable, reason) => {
    const { log, canOpen, closeReason } = split(`${version} 200 OK\r\n${fields}\r\n${EMPTY}`);
    expect([log.at(-1), canOpen, closeReason]).toMatchObject([{ kind: 'end', reusable }, reusable, reason]);
  });

  test.each([
    ['timeout=5', 5],
    ['max=3, Timeout=17', 17],
    ['timeout="9"', 9],
    ['timeout=99999999999999999999', abi.NONE - 1],
    ['timeout=7\r\nKeep-Alive: max=3', 7],
    ['max=3\r\nKeep-Alive: timeout=7', 7],
    ['timeout=7\r\nKeep-Alive: timeout=4', 4],
    ['timeout=4\r\nKeep-Alive: timeout=7', 4],
    ['timeout=9, timeout=6', 6],
    ['timeout=', abi.NONE],
    ['timeout', abi.NONE],
    ['x, ,', abi.NONE],
    ['', abi.NONE],
  ])('Keep-Alive: %s gives %i seconds', (value, c) => {
    expect(headOf(split(`${OK}Keep-Alive: ${value}\r\n${EMPTY}`).log)).toMatchObject({ c });
  });

  test('a request that says Connection: close is the last', () => {
    const { log, closeReason } = split(OK + EMPTY, { open: abi.OPEN_END_STREAM | abi.OPEN_CLOSE });
    expect([log.at(-1), closeReason]).toMatchObject([{ reusable: false }, abi.CLOSE_WE_ASKED]);
  });

  test('a response that ends before its request ends the connection', () => {
    const { log, closeReason } = split(OK + EMPTY, { open: 0 });
    expect([log.at(-1), closeReason]).toMatchObject([{ reusable: false }, abi.CLOSE_REQUEST_INCOMPLETE]);
  });

  test('a request completed in time leaves the connection reusable, and streams count up', () => {
    const driver = new Driver(core);
    for (const stream of [1, 2, 3]) {
      expect(driver.open(0)).toBe(stream);
      expect(driver.open(0)).toBe(0);
      driver.end(stream - 1);
      driver.feed(octets(OK));
      driver.end(stream);
      driver.feed(octets(EMPTY));
      expect(driver.log.at(-1)).toMatchObject({ kind: 'end', stream, reusable: true });
    }
    driver.free();
  });

  test('a head leaves with the octet that completes it, and an end with the last of its body', () => {
    const text = `${OK}Content-Length: 1\r\n\r\nx`;
    const driver = new Driver(core);
    driver.open();
    for (const [i, octet] of octets(text).entries()) {
      driver.feed(Uint8Array.of(octet));
      const expected = i < text.length - 2 ? [] : i < text.length - 1 ? ['head'] : ['head', 'body', 'end'];
      expect(kinds(driver.log)).toEqual(expected);
    }
    driver.free();
  });

  test('interim heads come in order, and 100 lets the body go, once', () => {
    const text = `HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(2)}${OK}${EMPTY}`;
    const open = abi.OPEN_EXPECT_CONTINUE | abi.OPEN_END_STREAM;
    expect(kinds(split(text, { open }).log)).toEqual(['interim', 'interim', 'writable', 'interim', 'head', 'end']);
    expect(kinds(split(text).log)).toEqual(['interim', 'interim', 'interim', 'head', 'end']);
  });

  test('Connection: close in an interim head holds for the exchange, keep-alive does not', () => {
    const interim = (option: string): string => `HTTP/1.1 103 Hints\r\nConnection: ${option}\r\n\r\n`;
    const closing = split(`${interim('close')}${interim('x')}${OK}Connection: keep-alive\r\n${EMPTY}`);
    expect([closing.log.at(-1), closing.closeReason]).toMatchObject([{ reusable: false }, abi.CLOSE_PEER_ASKED]);
    const kept = split(`${interim('keep-alive')}HTTP/1.0 200 OK\r\n${EMPTY}`);
    expect([kept.log.at(-1), kept.closeReason]).toMatchObject([{ reusable: false }, abi.CLOSE_HTTP_1_0]);
    const requests = 'GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nConnection: close\r\n\r\n';
    expect(kinds(split(requests, { role: abi.ROLE_REQUESTS }).log)).toEqual(['head', 'end', 'head', 'end']);
  });

  test('one interim head more than allowed is refused at its last octet', () => {
    const interim = 'HTTP/1.1 102 P\r\n\r\n';
    expect(kinds(split(interim.repeat(3) + OK + EMPTY, { interim: 3 }).log).at(-1)).toBe('end');
    expect(errorOf(split(interim.repeat(4), { interim: 3 }).log)).toMatchObject({
      rule: abi.RULE_INTERIM_COUNT,
      offset: interim.length - 1,
      limit: 3,
    });
  });

  test.each(['', 'z'.repeat(64)])(
    'field lines after the last allowed are refused at their colon, %j behind',
    (body) => {
      const lines = 'A: b\r\n'.repeat(40);
      expect(errorOf(split(`${OK}${lines}\r\n${body}`, { fields: 40 }).log)).toBeUndefined();
      for (const fields of [0, 1, 3, 39]) {
        expect(errorOf(split(`${OK}${lines}\r\n${body}`, { fields }).log)).toMatchObject({
          rule: abi.RULE_FIELD_COUNT,
          offset: OK.length + fields * 6 + 1,
          octet: 0x3a,
          limit: fields,
        });
      }
    },
  );

  test('heads, interim heads and trailers share one allowance of octets', () => {
    const interim = 'HTTP/1.1 102 P\r\n\r\n';
    const head = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
    const text = `${interim}${head}1\r\nx\r\n0\r\nA: b\r\n\r\n`;
    const all = interim.length + head.length + 8;
    expect(kinds(split(text, { headOctets: all }).log)).toEqual(['interim', 'head', 'body', 'end']);
    for (let headOctets = all - 1; headOctets >= 0; headOctets--) {
      const used = [interim.length, interim.length + head.length].filter((end) => headOctets >= end).at(-1) ?? 0;
      expect(errorOf(run(core, octets(text), { headOctets }).log)).toMatchObject({
        rule: abi.RULE_HEAD_OCTETS,
        offset: headOctets - used,
        limit: headOctets,
      });
      split(text, { headOctets });
    }
  });

  test.each(['0\r\n\r\n', '1\r\nx\r\n0\r\n\r\n'])('a head at its limit leaves room for no trailers: %j', (body) => {
    const head = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
    const { log, canOpen } = split(head + body, { headOctets: head.length });
    expect([kinds(log).at(-1), canOpen]).toEqual(['end', true]);
    const error = (text: string): Entry | undefined =>
      errorOf(split(text, { headOctets: head.length, closes: true }).log);
    expect(error(`${head}0\r\nA: b\r\n\r\n`)).toMatchObject({ rule: abi.RULE_HEAD_OCTETS, offset: 0 });
    expect(error(`${head}0\r\n\rA`)).toMatchObject({ rule: abi.RULE_LINE_END, offset: 1, octet: 0x41 });
    expect(error(`${head}0\r\n\r`)).toMatchObject({ rule: abi.RULE_CLOSED_IN_BODY, offset: 1 });
  });

  test('a head of many inputs keeps its table and octets whole', () => {
    const lines = Array.from({ length: 255 }, (_, i) => `X-Name-${i}: ${'v'.repeat(i)}\r\n`).join('');
    const text = octets(`${OK}${lines}${EMPTY}`);
    const whole = run(core, text);
    expect(headOf(whole.log)).toMatchObject({ fields: { length: 256 } });
    for (const step of [1, 7, 255, 256, 257, 4096]) {
      const cuts = Array.from({ length: Math.floor((text.length - 1) / step) }, (_, i) => (i + 1) * step);
      expect(run(core, text, {}, cuts)).toEqual(whole);
    }
  });

  test.each([
    ['', abi.RULE_CLOSED_EARLY],
    ['H', abi.RULE_CLOSED_IN_HEAD],
    ['HTTP/1.1 100 C\r\n\r\n', abi.RULE_CLOSED_IN_HEAD],
    [`${OK}Content-Length: 2\r\n\r\nx`, abi.RULE_CLOSED_IN_BODY],
    [`${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n`, abi.RULE_CLOSED_IN_BODY],
  ])('a peer that closes after %j broke rule %i', (text, rule) => {
    const { log, closeReason } = split(text, { closes: true });
    expect([errorOf(log), closeReason]).toMatchObject([{ rule, octet: abi.NONE }, abi.CLOSE_PEER_CLOSED]);
  });

  test('a body without length ends when the peer closes', () => {
    const { log, closeReason } = split(`${OK}\r\nhello`, { closes: true });
    expect(log.slice(1)).toMatchObject([{ octets: 'hello' }, { kind: 'end', reusable: false }]);
    expect(closeReason).toBe(abi.CLOSE_DELIMITED);
  });

  test('octets after a response end the connection, and never become a response', () => {
    const { log, canOpen, closeReason } = split(OK + EMPTY + OK + EMPTY);
    expect(kinds(log)).toEqual(['head', 'end', 'error']);
    expect([log.at(-1), canOpen, closeReason]).toMatchObject([
      { rule: abi.RULE_UNSOLICITED, octet: 0x48 },
      false,
      abi.CLOSE_SURPLUS,
    ]);
  });

  test.each([
    ['HTTP/1.1 101 Switching\r\n\r\n', abi.OPEN_UPGRADE],
    ['HTTP/1.1 200 OK\r\nContent-Length: x\r\nTransfer-Encoding: y\r\n\r\n', abi.OPEN_CONNECT],
    ['HTTP/1.0 299 OK\r\nTransfer-Encoding: chunked\r\n\r\n', abi.OPEN_CONNECT],
  ])('%j hands over what follows', (head, open) => {
    const { log, closeReason } = split(`${head}\0proto`, { open: open | abi.OPEN_END_STREAM });
    expect(log).toMatchObject([{ kind: 'head' }, { kind: 'upgrade', octets: '\0proto' }]);
    expect(closeReason).toBe(abi.CLOSE_UPGRADED);
  });

  test.each([
    ['HTTP/1.1 101 Switching\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n', abi.OPEN_UPGRADE],
    ['HTTP/1.1 101 Switching\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n', abi.OPEN_END_STREAM],
    ['HTTP/1.0 101 Switching\r\n\r\n', abi.OPEN_UPGRADE | abi.OPEN_END_STREAM],
    ['HTTP/1.1 200 OK\r\n\r\n', abi.OPEN_CONNECT],
  ])('%j hands nothing over to a request that is not complete or did not ask (%i)', (head, open) => {
    const { log, closeReason } = split(`${head}\0proto`, { open });
    expect(log).toMatchObject([{ rule: abi.RULE_SWITCHING_UNASKED, offset: head.length - 1 }]);
    expect(closeReason).toBe(abi.CLOSE_PROTOCOL_ERROR);
  });

  test('a request that ends in time is upgraded', () => {
    const driver = new Driver(core);
    const stream = driver.open(abi.OPEN_UPGRADE);
    driver.feed(octets('HTTP/1.1 101 Switching\r\nUpgrade: a\r\n'));
    driver.end(stream);
    driver.feed(octets('\r\nproto'));
    expect(driver.log).toMatchObject([{ kind: 'head' }, { kind: 'upgrade', octets: 'proto' }]);
    driver.free();
  });

  test('a cancelled exchange says nothing more', () => {
    const driver = new Driver(core);
    const stream = driver.open();
    driver.feed(octets('HTTP/1.1 200 OK\r\nA'));
    driver.cancel(stream + 1);
    expect(driver.closeReason).toBe(abi.CLOSE_NONE);
    driver.cancel(stream);
    driver.feed(octets(': b\r\n\r\n'));
    driver.close();
    expect([driver.log, driver.closeReason]).toEqual([[], abi.CLOSE_CANCELLED]);
    driver.free();
  });

  test('requests follow each other, empty lines before them ignored', () => {
    const text =
      '\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n\r\nHEAD * HTTP/1.0\r\n\r\n';
    const { log, closeReason } = split(text, { role: abi.ROLE_REQUESTS });
    expect(log.map((entry) => (entry.kind === 'head' ? [entry.line, entry.code, entry.c] : entry.kind))).toEqual([
      ['GET /a HTTP/1.1', 3, 2],
      'end',
      ['POST /b HTTP/1.1', 4, 2],
      'body',
      'end',
      ['HEAD * HTTP/1.0', 4, 1],
      'end',
    ]);
    expect(closeReason).toBe(abi.CLOSE_HTTP_1_0);
  });

  test('an endless run of requests in one input is refused, not trapped on', () => {
    const text = 'GET / HTTP/1.1\r\n\r\n'.repeat(3000);
    const { log } = run(core, octets(text), { role: abi.ROLE_REQUESTS });
    expect(log.at(-1)).toMatchObject({ rule: abi.RULE_PIPELINE_DEPTH, octet: abi.NONE, limit: abi.NONE });
    const some = run(core, octets(text.slice(0, 18 * 100)), { role: abi.ROLE_REQUESTS });
    expect([some.log.at(-1), some.log.length]).toMatchObject([{ kind: 'end' }, 200]);
  });

  test.each([
    ['\r\n', []],
    ['\r\n\r\n', []],
    ['GET / HTTP/1.1\r\n\r\n\r\n', ['head', 'end']],
    ['\r', ['error']],
    ['\r\nG', ['error']],
  ])('a peer that closes after %j began no request, or did', (text, wanted) => {
    const { log, closeReason } = split(text, { role: abi.ROLE_REQUESTS, closes: true });
    expect([kinds(log), closeReason]).toEqual([wanted, abi.CLOSE_PEER_CLOSED]);
  });
});
