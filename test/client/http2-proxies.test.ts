/** HTTP/2 with an origin behind a proxy of every kind: the origin's TLS chooses the protocol, one tunnel serves all. */
import { describe, expect, test } from 'vitest';
import { certificates } from '../support/certificates.js';
import { openClient } from '../support/client.js';
import { clients } from '../support/clients.js';
import { openHttp2Server } from '../support/http2-server.js';
import { proxyTo, TUNNELS } from '../support/tunnels.js';

const made = await certificates();
const trusting = { http2: true, verify: { ca: made.root.cert }, timeout: '10s' } as const;
const url = 'https://example.test.invalid/';
/** On a machine that is busy. */
const SOON = { timeout: 30_000 };

describe.each(TUNNELS)('through $kind', (kind) => {
  describe.each(clients)('$name', (client) => {
    test('speaks HTTP/2 with the origin, keeps the tunnel, and takes its leave', async () => {
      const origin = await openHttp2Server({}, made.server);
      const { server: between, proxy } = await proxyTo(origin.port, kind);
      const opened = client.open({ ...trusting, proxy });
      for (const [at, path] of ['one', 'two', 'three'].entries()) {
        const response = await opened.get(`${url}${path}`);
        expect([response.httpVersion, response.text]).toEqual(['HTTP/2', `/${path}`]);
        expect(response.extensions).toMatchObject({ streamId: 2 * at + 1 });
      }
      const posted = await opened.post(`${url}count`, { content: client.pieces(['a piece', ' and another']) });
      expect(posted.text).toBe('19');
      const large = new Uint8Array(3_000_000).map((_, at) => at);
      const echoed = await opened.post(`${url}echo`, { content: large });
      expect(Buffer.compare(echoed.content, large)).toBe(0);
      expect([(await origin.facts()).sessions, between.accepted]).toEqual([1, 1]);
      await client.close(opened);
      await between.emptied();
      await expect.poll(async () => (await origin.facts()).goaways, SOON).toEqual([0]);
    });

    test('speaks HTTP/1.1 where it is all that is offered, and HTTP/2 alone where HTTP/1.1 is off', async () => {
      const origin = await openHttp2Server({}, { ...made.server, allowHTTP1: true });
      for (const [settings, version] of [
        [{ http2: false }, 'HTTP/1.1'],
        [{ http1: false }, 'HTTP/2'],
      ] as const) {
        const { proxy } = await proxyTo(origin.port, kind);
        const opened = client.open({ ...trusting, ...settings, proxy });
        expect((await opened.get(url)).httpVersion).toBe(version);
      }
    });
  });

  test('a burst shares one tunnel', async () => {
    const origin = await openHttp2Server({}, made.server);
    const { server: between, proxy } = await proxyTo(origin.port, kind);
    const client = openClient({ ...trusting, proxy });
    const paths = Array.from({ length: 50 }, (_, i) => `/${i}`);
    const responses = await Promise.all(paths.map((path) => client.get(`https://example.test.invalid${path}`)));
    const got = responses.map(({ httpVersion, text }) => [httpVersion, text]);
    expect(got).toEqual(paths.map((path) => ['HTTP/2', path]));
    expect(between.accepted).toBe(1);
  });
});
