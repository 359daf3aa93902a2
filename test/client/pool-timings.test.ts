/** `timings.pool`: how long a request waited for a place on a connection, or for leave to make one. */
import { describe, expect, test } from 'vitest';
import type { AsyncResponse, Timings } from '../../src/index.js';
import { fakeEnvironment, openClient } from '../support/client.js';
import { data, END_STREAM, head, hello, SETTING } from '../support/http2-frames.js';
import { http2Side } from '../support/http2-peer.js';
import { answer } from '../support/octets.js';

const timingsOf = ({ extensions }: AsyncResponse): Timings => extensions.timings as Timings;
const ONE_CONNECTION = { limits: { maxConnections: 1 }, timeout: null };

describe('AsyncClient over HTTP/1.1: timings.pool', () => {
  function begin() {
    const environment = fakeEnvironment();
    return { environment, client: openClient(ONE_CONNECTION, environment) };
  }

  test('tells how long a request waited in line for a connection that others used', async () => {
    const { environment, client } = begin();
    const first = client.get('http://one.invalid/');
    const second = client.get('http://one.invalid/');
    await environment.host.advance(70);
    environment.connector.socket(0).say(answer('one'));
    await environment.host.advance(5);
    environment.connector.socket(0).say(answer('two'));
    expect(timingsOf(await first)).toMatchObject({ pool: 0, sent: 0, firstByte: 70 });
    expect(timingsOf(await second)).toEqual({
      ...{ pool: 70, dns: 70, connect: 70, tls: 70, sent: 70 },
      ...{ firstByte: 75, end: 75 },
    });
    expect(environment.connector.sockets.length).toBe(1);
  });

  test('tells how long one waited for leave to connect', async () => {
    const { environment, client } = begin();
    const first = client.get('http://one.invalid/');
    const second = client.get('http://two.invalid/');
    await environment.host.advance(70);
    environment.connector.socket(0).say(answer('one'));
    await first;
    await environment.host.advance(5);
    environment.connector.socket(1).say(answer('two'));
    expect(timingsOf(await second)).toMatchObject({ pool: 70, sent: 70, firstByte: 75 });
  });

  test('is 0 for one that found a connection idle', async () => {
    const { environment, client } = begin();
    for (const text of ['one', 'two']) {
      const call = client.get('http://one.invalid/');
      await environment.host.advance(70);
      environment.connector.socket(0).say(answer(text));
      expect(timingsOf(await call)).toMatchObject({ pool: 0, firstByte: 70 });
    }
  });
});

describe('AsyncClient over HTTP/2: timings.pool', () => {
  test('tells how long a request waited in line for a stream', async () => {
    const { client, environment, peer } = http2Side(ONE_CONNECTION, (each) =>
      each.say(hello([SETTING.maxConcurrentStreams, 1])),
    );
    const calls = [client.get('https://fake.invalid/'), client.get('https://fake.invalid/')];
    const server = await peer();
    await environment.host.advance(70);
    server.say(head(1, 200), data(1, 'one', END_STREAM));
    await environment.host.advance(5);
    server.say(head(3, 200), data(3, 'two', END_STREAM));
    const [first, second] = (await Promise.all(calls)).map(timingsOf);
    expect(first).toMatchObject({ pool: 0, sent: 0, firstByte: 70 });
    expect(second).toMatchObject({ pool: 70, sent: 70, firstByte: 75, end: 75 });
  });

  test('tells how long those of a burst waited for the connection that one of them made', async () => {
    const { client, environment, peer } = http2Side(ONE_CONNECTION);
    const calls = [1, 2, 3].map((n) => client.get(`https://fake.invalid/${n}`));
    const server = await peer();
    await environment.host.advance(30);
    server.say(hello());
    await environment.host.advance(5);
    for (const stream of [1, 3, 5]) server.say(head(stream, 200, [], END_STREAM));
    const pools = (await Promise.all(calls)).map((response) => timingsOf(response).pool);
    expect(pools).toEqual([0, 30, 30]);
  });
});
