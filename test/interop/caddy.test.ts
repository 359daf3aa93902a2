/** caddy: Go's net/http. */
import { describe, expect, test } from 'vitest';
import { clients } from '../support/clients.js';
import { peers } from './peers.js';
import { servers } from './servers.js';

const { plain, tls } = peers.caddy.ports;

servers('caddy').describe('caddy', ({ ca }) => {
  describe.each(clients)('$name', (kind) => {
    test.each([`http://localhost:${plain}`, `https://localhost:${tls}`])(
      'a file comes whole from %s',
      async (origin) => {
        const client = kind.open({ verify: ca });
        const response = await client.get(`${origin}/hello.txt`);
        expect(response.text).toBe('hello\n');
      },
    );
  });
});
