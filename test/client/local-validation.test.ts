/**
 * What must never leave this host (SECURITY §5): methods, targets, hosts, names, values and framing that would say something
 * else to the server than to the caller. The witness is the wire: not one octet of a refused request is on it.
 */
import { describe, expect, test } from 'vitest';
import { InvalidURL, LocalProtocolError } from '../../src/index.js';
import { type FakeEnvironment, fakeEnvironment, openClient, type RequestOptions } from '../support/client.js';
import { answering } from '../support/fake-socket.js';
import { answer } from '../support/octets.js';
import { protocolCases, withoutShared } from '../support/shared.js';

interface WriterCase {
  readonly id: string;
  readonly field: string;
  readonly value: string;
  readonly expect: string;
}

const url = 'http://fake.invalid/';

async function attempt(
  method: string,
  target: string,
  options: RequestOptions = {},
): Promise<{ error: unknown; wire: string; environment: FakeEnvironment }> {
  const environment = fakeEnvironment();
  environment.connector.onSocket = answering(() => answer('ok'));
  const client = openClient({}, environment);
  let error: unknown = null;
  try {
    await client.request(method, target, options);
  } catch (thrown) {
    error = thrown;
  }
  await environment.host.settled();
  return { error, wire: environment.connector.sockets.map((socket) => socket.written).join(''), environment };
}

/** The call failed as the caller's own mistake, and nothing is on the wire. */
function refused({ error, wire, environment }: Awaited<ReturnType<typeof attempt>>): void {
  const ours =
    error instanceof LocalProtocolError ||
    error instanceof InvalidURL ||
    error instanceof TypeError ||
    error instanceof RangeError;
  expect(ours, `got ${String(error)}`).toBe(true);
  expect(wire).toBe('');
  if (error instanceof LocalProtocolError) expect(error).toMatchObject({ sent: 'none', retryable: false });
  expect(environment.connector.open).toBeLessThanOrEqual(1);
}

const requestLineOf = (wire: string): string => wire.slice(0, wire.indexOf('\r\n'));

const cases = protocolCases<WriterCase>('h1-request-writer') ?? [];
const of = (field: string) => cases.filter((each) => each.field === field).map((each) => [each.id, each] as const);

describe.skipIf(cases.length === 0)(`the request writer vectors ${cases.length === 0 ? withoutShared : ''}`, () => {
  test.each(of('header-name'))('%s', async (_id, each) => {
    refused(await attempt('GET', url, { headers: [[each.value, 'v']] }));
  });

  test.each(of('header-value'))('%s', async (_id, each) => {
    const outcome = await attempt('GET', url, { headers: [['X-Value', each.value]] });
    if (each.expect === 'reject') refused(outcome);
    else {
      expect(outcome.error).toBeNull();
      expect(outcome.wire).toContain(`X-Value: ${each.value}\r\n`);
    }
  });

  test.each(of('method'))('%s', async (_id, each) => {
    const outcome = await attempt(each.value, url);
    if (each.expect === 'reject') refused(outcome);
    else expect(outcome.wire.startsWith(`${each.value} `)).toBe(true);
  });

  test.each(of('request-target'))('%s', async (_id, each) => {
    const byUrl = await attempt('GET', `http://fake.invalid${each.value}`);
    const byExtension = await attempt('GET', url, { extensions: { target: each.value } });
    for (const outcome of [byUrl, byExtension]) {
      if (outcome.error !== null) refused(outcome);
      else expect(requestLineOf(outcome.wire)).toMatch(/^GET [\x21-\x7e]+ HTTP\/1\.1$/);
    }
  });

  test.each(of('host'))('%s', async (_id, each) => {
    refused(await attempt('GET', `http://${each.value}/`));
    refused(await attempt('GET', url, { headers: { Host: each.value } }));
  });

  test('the rest concern HTTP/2 or trailers and wait, or are the tests below', () => {
    const here = ['header-name', 'header-value', 'method', 'request-target', 'host', 'header', 'body'];
    const others = cases.filter((each) => !here.includes(each.field));
    expect(others.every((each) => each.field === 'h2-header' || each.field === 'trailer')).toBe(true);
    console.info(`h1-request-writer: ${cases.length - others.length} of ${cases.length} concern HTTP/1.1 requests`);
  });
});

describe('injection by every way into the head', () => {
  const evil = 'a\r\nX-Evil: 1';
  test.each<[string, () => ReturnType<typeof attempt>]>([
    ['a method', () => attempt(`GET / HTTP/1.1\r\nX-Evil: 1\r\n\r\nGET`, url)],
    ['a header value', () => attempt('GET', url, { headers: { 'X-A': evil } })],
    ['a header name', () => attempt('GET', url, { headers: { [evil]: 'x' } })],
    ['a Host', () => attempt('GET', url, { headers: { Host: evil } })],
    ['a target', () => attempt('GET', url, { extensions: { target: `/ HTTP/1.1\r\nX-Evil: 1\r\n` } })],
    ['a Content-Type', () => attempt('POST', url, { content: 'x', headers: { 'Content-Type': evil } })],
    ['code units that end in CR and LF', () => attempt('GET', url, { headers: { 'X-A': 'a\u010d\u010aX-Evil: 1' } })],
  ])('%s', async (_name, run) => {
    refused(await run());
  });

  test('a request line is checked whatever went before: half of one that passed is no pass for the other', async () => {
    const aim = (target: string): RequestOptions => ({ extensions: { target } });
    for (let round = 0; round < 2; round++) {
      expect((await attempt('GET', url, aim('/good'))).error).toBeNull();
      refused(await attempt('GET', url, aim('/bad target')));
      refused(await attempt('G T', url, aim('/good')));
      refused(await attempt('G T', url, aim('/bad target')));
      refused(await attempt('', url, aim('')));
      refused(await attempt('GET', url, aim('')));
    }
  });

  test('a URL’s CR, LF and TAB never reach the request line', async () => {
    const outcome = await attempt('GET', 'http://fake.invalid/a\r\nX-Evil: 1');
    expect(outcome.wire).not.toContain('X-Evil: 1\r\n');
    if (outcome.error !== null) refused(outcome);
  });

  test('a pair that was changed after the request was built is checked when it is sent', async () => {
    const environment = fakeEnvironment();
    const client = openClient({}, environment);
    const request = client.buildRequest('GET', url);
    await Promise.resolve()
      .then(() => {
        request.headers.set('X-Late', evil);
        return client.send(request);
      })
      .then(
        () => expect.unreachable(),
        () => {},
      );
    expect(environment.connector.sockets.every((socket) => socket.written === '')).toBe(true);
  });
});

describe('framing that contradicts itself', () => {
  const content = 'body';
  test.each<[string, RequestOptions]>([
    ['Content-Length: +5', { content: 'abcde', headers: { 'Content-Length': '+5' } }],
    ['Content-Length: 0x5', { content: 'abcde', headers: { 'Content-Length': '0x5' } }],
    [
      'Content-Length twice, different',
      {
        content,
        headers: [
          ['Content-Length', '4'],
          ['Content-Length', '5'],
        ],
      },
    ],
    ['Content-Length shorter than octets', { content, headers: { 'Content-Length': '3' } }],
    ['Content-Length longer than octets', { content, headers: { 'Content-Length': '5' } }],
    ['Content-Length beside chunked', { content, headers: { 'Content-Length': '4', 'Transfer-Encoding': 'chunked' } }],
    ['an unknown transfer coding', { content, headers: { 'Transfer-Encoding': 'gzip, chunked' } }],
    ['chunked that is not last', { content, headers: { 'Transfer-Encoding': 'chunked, gzip' } }],
    [
      'two Hosts',
      {
        headers: [
          ['Host', 'a.invalid'],
          ['Host', 'b.invalid'],
        ],
      },
    ],
    ['an empty method', {}],
  ])('%s is refused', async (name, options) => {
    refused(await attempt(name === 'an empty method' ? '' : 'POST', url, options));
  });

  test('Upgrade without Connection: upgrade is refused or completed', async () => {
    const outcome = await attempt('GET', url, { headers: { Upgrade: 'x' } });
    if (outcome.error !== null) refused(outcome);
    else expect(outcome.wire).toMatch(/^connection: .*upgrade/im);
  });

  test('nothing that was polluted into Object.prototype reaches the wire', async () => {
    const clean = await attempt('GET', url);
    const polluted = Object.prototype as unknown as Record<string, unknown>;
    const names = [
      'headers',
      'params',
      'auth',
      'baseUrl',
      'content',
      'json',
      'data',
      'cookies',
      'timeout',
      'proxy',
      'followRedirects',
      'sensitiveHeaders',
      'trace',
      'target',
      'verify',
    ];
    try {
      for (const name of names) polluted[name] = name === 'timeout' ? 1 : { 'X-Evil': '1' };
      const dirty = await attempt('GET', url);
      expect(dirty.wire).toBe(clean.wire);
    } finally {
      for (const name of names) delete polluted[name];
    }
  });
});
