/** nginx, alone and behind haproxy, which is the stricter reader of the two. */
import { describe } from 'vitest';
import { clients } from '../support/clients.js';
import { documents } from './documents.js';
import { peers } from './peers.js';
import { servers } from './servers.js';

servers('nginx', 'haproxy').describe('nginx and haproxy', (place) => {
  describe.each(['nginx', 'haproxy'] as const)('%s', (name) => {
    const traits = { ...peers[name].ports, codings: ['gzip', 'br'] };
    describe.each(clients)('$name', (kind) => documents(kind, place, traits));
  });
});
