/** A stream response that its owner forgot: collected, it gives its connection back and warns once, with its URL. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { liveOctets } from '../../src/core-instance.js';
import { PoolTimeout } from '../../src/index.js';
import { failureOf, fakeEnvironment, openClient } from '../support/client.js';
import { blocking, clients } from '../support/clients.js';
import { answering } from '../support/fake-socket.js';
import { collected } from '../support/garbage.js';
import { answer, octetsOf, patternOf } from '../support/octets.js';

const url = 'http://fake.invalid/';
const unfinished = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc';

describe.each(clients)('a stream response of $name that nobody holds', (kind) => {
  test('frees its place and warns once, naming what would have closed it', async () => {
    const { client, connector, host } = kind.fake((connection) => (connection === 0 ? unfinished : answer('next')), {
      limits: { maxConnections: 1 },
      timeout: null,
    });
    const forget = async () => {
      expect((await client.stream('GET', `${url}big`)).statusCode).toBe(200);
    };
    await forget();
    expect(await collected(() => connector.open === 0)).toBe(true);
    expect(host.warnings.length).toBe(1);
    expect(host.warnings[0]).toContain('fake.invalid/big');
    expect(host.warnings[0]).toContain(kind === blocking ? ' close()' : ' aclose()');
    expect((await client.get(url)).text).toBe('next');
  });

  test('gives back what the core holds for its decoder', async () => {
    const coded = gzipSync(patternOf(300_000));
    const head = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${coded.length}\r\nConnection: close\r\n\r\n`;
    const { client, connector } = kind.fake(
      (connection) => Buffer.concat([octetsOf(head), coded.subarray(0, coded.length >> connection)]),
      { timeout: null },
    );
    await client.get(url);
    const before = liveOctets();
    const forget = async () => {
      const pieces = kind.bytes(await client.stream('GET', url));
      expect((await pieces.next()).value?.length).toBeGreaterThan(0);
    };
    await forget();
    expect(liveOctets()).toBeGreaterThan(before);
    expect(await collected(() => connector.open === 0 && liveOctets() === before)).toBe(true);
  });

  test('is not given up while its body is being read', async () => {
    const { client, connector, host } = kind.fake(() => unfinished, { timeout: null });
    const pieces = kind.bytes(await client.stream('GET', url));
    expect((await pieces.next()).value?.length).toBe(3);
    expect(await collected(() => connector.open === 0)).toBe(false);
    expect(host.warnings).toEqual([]);
    await pieces.return?.();
    expect(connector.open).toBe(0);
  });

  test('says nothing when it was read or closed', async () => {
    const { client, host } = kind.fake(answer('whole'));
    const use = async () => {
      await kind.read(await client.stream('GET', url));
      await kind.close(await client.stream('GET', url));
      await client.get(url);
    };
    await use();
    await collected(() => host.warnings.length > 0);
    expect(host.warnings).toEqual([]);
  });
});

describe('a stream response that nobody holds, of AsyncClient alone', () => {
  test('gives its place to who waits for it', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = answering(() => unfinished);
    const client = openClient({ limits: { maxConnections: 1 }, timeout: null }, environment);
    const forget = async () => {
      await client.stream('GET', `${url}first`);
    };
    await forget();
    environment.connector.onSocket = answering(() => answer('served'));
    const waiting = client.get(`${url}second`);
    waiting.catch(() => {});
    expect(await collected(() => environment.connector.sockets.length === 2)).toBe(true);
    expect((await waiting).text).toBe('served');
  });

  test('is not given up while a byte stream over its body is held', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = answering(() => unfinished);
    const client = openClient({ timeout: null }, environment);
    const bodyOf = async () => (await client.stream('GET', url)).body.getReader();
    const reader = await bodyOf();
    await reader.read();
    expect(await collected(() => environment.connector.open === 0)).toBe(false);
    environment.connector.socket(0).say('defghij');
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('defghij');
    expect(environment.host.warnings).toEqual([]);
  });
});

test('a stream response of Client that nobody holds keeps its place until the event loop turns', async () => {
  const { client, connector } = blocking.fake(() => unfinished, { limits: { maxConnections: 1 } });
  const forget = () => {
    client.stream('GET', url);
  };
  forget();
  await failureOf(() => client.get(url), PoolTimeout);
  expect(connector.open).toBe(1);
  expect(await collected(() => connector.open === 0)).toBe(true);
});
