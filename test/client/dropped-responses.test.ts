/** A stream response that its owner forgot: collected, it gives its connection back and warns once, with its URL. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { liveOctets } from '../../src/core-instance.js';
import { fakeEnvironment, openClient } from '../support/client.js';
import { answering } from '../support/fake-socket.js';
import { collected } from '../support/garbage.js';
import { answer, octetsOf, patternOf } from '../support/octets.js';

const unfinished = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc';

describe('a stream response that nobody holds', () => {
  test('frees its place and warns once', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = answering(() => unfinished);
    const client = openClient({ limits: { maxConnections: 1 }, timeout: null }, environment);
    const forget = async () => {
      expect((await client.stream('GET', 'http://fake.invalid/big')).statusCode).toBe(200);
    };
    await forget();
    expect(await collected(() => environment.connector.open === 0)).toBe(true);
    expect(environment.host.warnings.length).toBe(1);
    expect(environment.host.warnings[0]).toContain('fake.invalid/big');
    environment.connector.onSocket = answering(() => answer('next'));
    expect((await client.get('http://fake.invalid/')).text).toBe('next');
  });

  test('gives its place to who waits for it', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = answering(() => unfinished);
    const client = openClient({ limits: { maxConnections: 1 }, timeout: null }, environment);
    const forget = async () => {
      await client.stream('GET', 'http://fake.invalid/first');
    };
    await forget();
    environment.connector.onSocket = answering(() => answer('served'));
    const waiting = client.get('http://fake.invalid/second');
    waiting.catch(() => {});
    expect(await collected(() => environment.connector.sockets.length === 2)).toBe(true);
    expect((await waiting).text).toBe('served');
  });

  test('gives back what the core holds for its decoder', async () => {
    const coded = gzipSync(patternOf(300_000));
    const head = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${coded.length}\r\n`;
    const environment = fakeEnvironment();
    let whole = true;
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => {
        const end = whole ? coded.length : coded.length >> 1;
        socket.say(Buffer.concat([octetsOf(`${head}Connection: close\r\n\r\n`), coded.subarray(0, end)]));
      };
    };
    const client = openClient({ timeout: null }, environment);
    await client.get('http://fake.invalid/');
    const before = liveOctets();
    whole = false;
    const forget = async () => {
      const pieces = (await client.stream('GET', 'http://fake.invalid/')).aiterBytes();
      expect((await pieces.next()).value?.length).toBeGreaterThan(0);
    };
    await forget();
    expect(liveOctets()).toBeGreaterThan(before);
    expect(await collected(() => environment.connector.open === 0 && liveOctets() === before)).toBe(true);
  });

  test('is not given up while its body is held', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = answering(() => unfinished);
    const client = openClient({ timeout: null }, environment);
    const bodyOf = async () => (await client.stream('GET', 'http://fake.invalid/')).body.getReader();
    const reader = await bodyOf();
    await reader.read();
    expect(await collected(() => environment.connector.open === 0)).toBe(false);
    environment.connector.socket(0).say('defghij');
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('defghij');
    expect(environment.host.warnings).toEqual([]);
  });

  test('says nothing when it was read or closed', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = answering(() => answer('whole'));
    const client = openClient({}, environment);
    const use = async () => {
      await (await client.stream('GET', 'http://fake.invalid/')).aread();
      await (await client.stream('GET', 'http://fake.invalid/')).aclose();
      await client.get('http://fake.invalid/');
    };
    await use();
    await collected(() => environment.host.warnings.length > 0);
    expect(environment.host.warnings).toEqual([]);
  });
});
