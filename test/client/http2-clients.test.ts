/** HTTP/2 of both clients, over sockets: what a server says frame by frame, and a server of node:http2. */
import { describe, expect, test } from 'vitest';
import { clients } from '../support/clients.js';
import { openHttp2Server } from '../support/http2-server.js';

const SETTINGS = { http1: false, http2: true, timeout: '10s' } as const;

describe.each(clients)('$name with a server of node:http2', (kind) => {
  test('says GOAWAY before it closes the connection', async () => {
    const server = await openHttp2Server();
    const client = kind.open(SETTINGS);
    await client.get(`http://127.0.0.1:${server.port}/`);
    await kind.close(client);
    await expect.poll(async () => (await server.facts()).open).toBe(0);
    expect((await server.facts()).goaways).toEqual([0]);
  });
});
