/** caddy: Go's net/http. */
import { describe } from 'vitest';
import { clients } from '../support/clients.js';
import { documents } from './documents.js';
import { peers } from './peers.js';
import { servers } from './servers.js';

servers('caddy').describe('caddy', (place) => {
  describe.each(clients)('$name', (kind) =>
    documents(kind, place, { ...peers.caddy.ports, codings: ['gzip', 'zstd'] }),
  );
});
