/** A stream response that its owner forgot: collected, it gives its connection back and warns once, with its URL. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { fakeEnvironment, openClient } from '../support/client.js';
import { answering } from '../support/fake-socket.js';
import { answer } from '../support/octets.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const unfinished = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc';

/** Collects until `done`, a few turns at the most. */
async function collected(done: () => boolean): Promise<boolean> {
  for (let turn = 0; turn < 30 && !done(); turn++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return done();
}

describe('a stream response that nobody holds', () => {
  test('frees its place and warns once, without credentials', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = answering(() => unfinished);
    const client = openClient({ limits: { maxConnections: 1 }, timeout: null }, environment);
    const forget = async () => {
      expect((await client.stream('GET', 'http://user:hunter2@fake.invalid/big')).statusCode).toBe(200);
    };
    await forget();
    expect(await collected(() => environment.connector.open === 0)).toBe(true);
    expect(environment.host.warnings.length).toBe(1);
    expect(environment.host.warnings[0]).toContain('fake.invalid/big');
    expect(environment.host.warnings[0]).not.toContain('hunter2');
    environment.connector.onSocket = answering(() => answer('next'));
    expect((await client.get('http://fake.invalid/')).text).toBe('next');
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
