/** The Host field (RFC 9110 §7.2): one host for the name that is resolved, the one in the field, and the caller's word. */
import { describe, expect, test, vi } from 'vitest';
import { type AsyncClient, InvalidURL, LocalProtocolError, Request } from '../../src/index.js';
import { type FakeEnvironment, failureOf, fakeEnvironment, openClient } from '../support/client.js';
import { answering } from '../support/fake-socket.js';
import { answer, fieldOf } from '../support/octets.js';

const SPELLINGS: [string, string, string][] = [
  ['http://0x7f.1:8080/', '127.0.0.1', '127.0.0.1:8080'],
  ['http://EXAMPLE.invalid:80/', 'example.invalid', 'example.invalid'],
  ['http://b%C3%BCcher.invalid/', 'xn--bcher-kva.invalid', 'xn--bcher-kva.invalid'],
  ['http://[::0001]:81/', '::1', '[::1]:81'],
];

function answeringEnvironment(): FakeEnvironment {
  const environment = fakeEnvironment();
  environment.connector.onSocket = answering(() => answer('ok'));
  return environment;
}

/** Where the client connected to, and what it said there. */
async function sent(send: (client: AsyncClient) => Promise<unknown>): Promise<{ host: string; field: string | null }> {
  const environment = answeringEnvironment();
  await send(openClient({}, environment));
  const socket = environment.connector.socket(0);
  return { host: socket.address.host, field: fieldOf(socket.written, 'host') };
}

describe('Host is the host that is connected to', () => {
  test.each(SPELLINGS)('%s, built by the client', async (url, host, field) => {
    expect(await sent((client) => client.get(url))).toEqual({ host, field });
  });

  test.each(SPELLINGS)('%s, in a request made by hand', async (url, host, field) => {
    expect(await sent((client) => client.send(new Request('GET', url)))).toEqual({ host, field });
  });

  test('a URL that is never sent keeps its own', () => {
    expect(new Request('GET', 'ftp://Example.invalid:2121/').headers.get('host')).toBe('example.invalid:2121');
    expect(new Request('GET', '/relative').headers.has('host')).toBe(false);
  });

  test('a host that WHATWG reads differently makes no request', () => {
    expect(() => new Request('GET', 'http://1.2.3.4.5/')).toThrow(InvalidURL);
  });
});

test('a request without fields is refused, be it the first of the process', async () => {
  vi.resetModules();
  const { requestHead } = await import('../../src/request-head.js');
  expect(() => requestHead('GET', '/', '', { length: 0 })).toThrow('there must be one Host field, got 0');
});

describe('a Host of the caller’s own', () => {
  test.each([
    'other.invalid',
    'other.invalid:8080',
    'a_b.invalid',
    '%41.invalid',
    '[::1]',
    '[::1]:80',
    '1.2.3.4:1',
    '',
  ])('%j is sent', async (host) => {
    const { field } = await sent((client) => client.get('http://fake.invalid/', { headers: { Host: host } }));
    expect(field ?? '').toBe(host);
  });

  test.each([
    'a@b.invalid',
    'a.invalid/c',
    'a@b/c',
    'a,b',
    'a.invalid, b.invalid',
    'http://a.invalid',
    'a.invalid?b',
    'a.invalid#b',
    'a\\b',
    'a:b',
    'a.invalid:',
    'a.invalid:123456',
    'a:1:2',
    '::1',
    '[::1',
    '[::1]x',
    '[fe80::1%25en0]',
    '%4',
    '<a>',
    '"a"',
  ])('%j is refused, and nothing leaves', async (host) => {
    const environment = answeringEnvironment();
    const call = openClient({}, environment).get('http://fake.invalid/', { headers: { Host: host } });
    expect(await failureOf(call, LocalProtocolError)).toMatchObject({ sent: 'none' });
    expect(environment.connector.sockets.every((socket) => socket.written === '')).toBe(true);
  });
});

describe('a target of the caller’s own', () => {
  test.each(['/a#b', '#', '*#'])('%j has a fragment, and nothing leaves', async (target) => {
    const environment = answeringEnvironment();
    const call = openClient({}, environment).get('http://fake.invalid/', { extensions: { target } });
    expect((await failureOf(call, LocalProtocolError)).message).toContain('#');
    expect(environment.connector.sockets.every((socket) => socket.written === '')).toBe(true);
  });
});
