/**
 * Hundreds of calls of the blocking client over HTTP/2, by a seed: answered, refused, reset in the middle, uploaded through
 * small windows, given up unread. Each settles, and nothing remains.
 */
import { expect, test } from 'vitest';
import { liveOctets } from '../../src/core-instance.js';
import { RemoteProtocolError, type SyncResponse } from '../../src/index.js';
import { blocking } from '../support/clients.js';
import { openHttp2Server } from '../support/http2-server.js';
import { randomBy } from '../support/seeded.js';

const CALLS = 500;
/** On a machine that is busy. */
const SOON = { timeout: 30_000 };

test.each([1, 2])(`${CALLS} calls of the blocking client, seed %i: all settle, nothing is left`, async (seed) => {
  const random = randomBy(seed);
  const before = liveOctets();
  const server = await openHttp2Server({ initialWindowSize: 5000 });
  const client = blocking.open({ http1: false, http2: true, timeout: '20s' });
  const url = `http://127.0.0.1:${server.port}`;
  const held: SyncResponse[] = [];
  const octets = () => new Uint8Array(Math.floor(random() * 50_000));
  const kinds: readonly (() => void)[] = [
    () => expect(client.get(`${url}/get`)).toMatchObject({ text: '/get' }),
    () => {
      const content = octets();
      expect(client.post(`${url}/count`, { content })).toMatchObject({ text: `${content.length}` });
    },
    () => {
      const pieces = [octets(), octets()];
      const total = pieces.reduce((sum, { length }) => sum + length, 0);
      expect(client.post(`${url}/count`, { content: blocking.pieces(pieces) })).toMatchObject({ text: `${total}` });
    },
    () =>
      expect(client.post(`${url}/early`, { content: blocking.pieces([octets()]) })).toMatchObject({ statusCode: 413 }),
    () => expect(() => client.post(`${url}/reset`, { content: octets() })).toThrow(RemoteProtocolError),
    () => held.push(client.stream('GET', `${url}/open`) as SyncResponse),
    () => held.shift()?.close(),
  ];
  for (let at = 0; at < CALLS; at++) {
    if (held.length > 10) held.shift()?.close();
    kinds[Math.floor(random() * kinds.length)]?.();
  }
  for (const response of held) response.close();
  expect((await server.facts()).sessions).toBe(1);
  await blocking.close(client);
  await expect.poll(async () => (await server.facts()).open, SOON).toBe(0);
  expect(liveOctets()).toBe(before);
});
