/** How a connection of HTTP/2 is closed, as its server sees it: GOAWAY, then an end in order (RFC 9113 §6.8). */
import { describe, expect, test } from 'vitest';
import { certificates } from '../support/certificates.js';
import { clients } from '../support/clients.js';
import { dialogue } from '../support/dialogue.js';
import { hello, SETTING, windowUpdate } from '../support/http2-frames.js';
import { openHttp2Server } from '../support/http2-server.js';
import { outcomeOf, skipped } from '../support/own-process.js';
import { leavePatiently } from '../support/patient-leaving.js';
import { serve } from '../support/scripted-server.js';
import { proxyTo, TUNNELS } from '../support/tunnels.js';

const made = await certificates();
/** On a machine that is busy. */
const SOON = { timeout: 30_000 };
const LARGE_OCTETS = 3_000_000;
/** More than the kernel's buffers hold of a peer that does not read. */
const PILED_OCTETS = 64_000_000;
const settings = { http1: false, http2: true, trustEnv: false, timeout: '30s' } as const;
const trusting = { ...settings, verify: { ca: made.root.cert } };

// What is large takes a busy machine longer than a socket is given to be left.
leavePatiently();

/** Where the server is, and how a client is told of it. */
const places = [
  {
    name: 'in the clear',
    async open() {
      const server = await openHttp2Server();
      return { server, url: `http://127.0.0.1:${server.port}`, options: settings };
    },
  },
  {
    name: 'over TLS',
    async open() {
      const server = await openHttp2Server({}, made.server);
      return { server, url: `https://127.0.0.1:${server.port}`, options: trusting };
    },
  },
  ...TUNNELS.map((kind) => ({
    name: `through ${kind.kind}`,
    async open() {
      const server = await openHttp2Server({}, made.server);
      const { proxy } = await proxyTo(server.port, kind);
      return { server, url: 'https://example.test.invalid', options: { ...trusting, proxy } };
    },
  })),
] as const;

describe.each(places)('$name', ({ open }) => {
  describe.each(clients)('$name', (kind) => {
    test.each([
      ['a response', false, '/one', ''],
      ['an echo that is larger than a window', false, '/echo', 'x'.repeat(LARGE_OCTETS)],
      ['the head of a response whose body is on its way', true, '/large', ''],
    ])(
      'a client that is closed right behind %s says GOAWAY, and ends in order',
      async (_what, unread, path, content) => {
        const { server, url, options } = await open();
        const client = kind.open(options);
        if (unread) expect((await client.stream('GET', `${url}${path}`)).statusCode).toBe(200);
        else expect((await client.post(`${url}${path}`, { content })).text).toBe(content || path);
        await kind.close(client);
        await expect
          .poll(async () => {
            const { goaways, ends, breaks, open: left } = await server.facts();
            return { goaways, ends, breaks, left };
          }, SOON)
          .toEqual({ goaways: [0], ends: 1, breaks: [], left: 0 });
      },
    );
  });
});

describe.skipIf(skipped !== '')(`a process that ends as soon as its client is closed${skipped}`, () => {
  test.each(['AsyncClient', 'Client'])('%s: the server hears GOAWAY and an end in order', async (kind) => {
    const server = await openHttp2Server({}, made.server);
    const given = JSON.stringify(trusting);
    const script = `
      const client = new httpx.${kind}(${given});
      console.log((await client.get(url)).statusCode);
      client.close?.() ?? (await client.aclose?.());`;
    expect(await outcomeOf(script, `https://127.0.0.1:${server.port}/`)).toEqual({ code: 0, said: '200' });
    await expect
      .poll(async () => (({ goaways, ends }) => ({ goaways, ends }))(await server.facts()), SOON)
      .toEqual({ goaways: [0], ends: 1 });
  });

  test('is kept for no more than a moment by a server that reads nothing of what piled up', async () => {
    const deaf = dialogue()
      .hearInAll(80)
      .say(Buffer.concat([hello([SETTING.initialWindowSize, 0x7fffffff]), windowUpdate(0, 0x7fff0000)]))
      .goDeaf()
      .stall();
    const server = await serve(deaf);
    // The host's own socket says what the kernel has not taken.
    const script = `
      const { subscribe } = process.getBuiltinModule('node:diagnostics_channel');
      let waiting = () => 0;
      subscribe('net.client.socket', ({ socket }) => { waiting = () => socket.writableLength; });
      const client = new httpx.AsyncClient(${JSON.stringify(settings)});
      const call = client.post(url, { content: new Uint8Array(${PILED_OCTETS}) });
      let isOver = false;
      call.catch((error) => { isOver = true; console.log(error.name); });
      while (waiting() === 0 && !isOver) await new Promise((next) => setImmediate(next));
      await client.aclose();`;
    expect(await outcomeOf(script, server.url)).toEqual({ code: 0, said: 'CloseError' });
  });
});
