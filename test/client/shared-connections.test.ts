/**
 * SECURITY 2.7: connections, and TLS sessions, are shared only where everything is equal: whom one trusts, what one shows, the
 * name asked for, the way there. Counted where they are accepted.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { AsyncClient, AsyncHTTPTransport, Client, HTTPTransport, type HTTPTransportOptions } from '../../src/index.js';
import { certificates } from '../support/certificates.js';
import { type AnyClient, clients } from '../support/clients.js';
import { always } from '../support/dialogue.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const made = await certificates();
const pin = createHash('sha256')
  .update(new X509Certificate(made.server.cert).publicKey.export({ type: 'spki', format: 'der' }))
  .digest('base64');
const ca = made.root.cert;
const secureServer = () => serve(always(answer('secure')), { tls: made.server, repeatLast: true });
const { cert, key } = made.client;

/** Pairs that differ in one setting. */
const pairs: readonly (readonly [string, HTTPTransportOptions, HTTPTransportOptions])[] = [
  ['nothing but who they are', { verify: { ca } }, { verify: { ca } }],
  ['whether it is checked', { verify: { ca } }, { verify: false }],
  ['whom they trust', { verify: { ca } }, { verify: { ca: [ca, made.strangerRoot.cert] } }],
  ['what they show', { verify: { ca } }, { verify: { ca, cert, key } }],
  ['the least version', { verify: { ca } }, { verify: { ca, minVersion: 'TLSv1.3' } }],
  ['pins', { verify: { ca } }, { verify: { ca, pins: [pin] } }],
  ['where they connect from', { verify: { ca } }, { verify: { ca }, localAddress: '127.0.0.2' }],
  ['what TCP is told', { verify: { ca } }, { verify: { ca }, socketOptions: { keepAlive: true } }],
  ['what addresses are allowed', { verify: { ca } }, { verify: { ca }, allowAddress: () => true }],
];

describe.each(clients)('$name', (kind) => {
  function over(options: HTTPTransportOptions): AnyClient {
    return kind.name === 'Client'
      ? new Client({ transport: new HTTPTransport(options) })
      : new AsyncClient({ transport: new AsyncHTTPTransport(options) });
  }

  test.each(pairs)('clients that differ in %s', async (_name, one, two) => {
    const server = await secureServer();
    const both = [over(one), over(two)] as const;
    try {
      for (const client of [...both, ...both, ...both]) await client.get(server.url);
    } finally {
      for (const client of both) await kind.close(client);
    }
    expect([server.accepted, server.handshakes, server.resumptions]).toEqual([2, 2, 0]);
    expect(server.peers.map((peer) => peer.requests.length)).toEqual([3, 3]);
  });

  test('requests of one client that differ in the name asked for', async () => {
    const server = await secureServer();
    const client = kind.open({ verify: { ca } });
    const names = [null, 'a.test.invalid', 'b.test.invalid', 'a.test.invalid', null] as const;
    for (const sniHostname of names) await client.get(server.url, { extensions: { sniHostname } });
    expect([server.accepted, server.resumptions]).toEqual([3, 0]);
    expect(server.peers.map((peer) => [peer.tls?.servername ?? null, peer.requests.length])).toEqual([
      [null, 2],
      ['a.test.invalid', 2],
      ['b.test.invalid', 1],
    ]);
  });

  test('requests of one client to hosts at one address, whose certificate is good for both', async () => {
    const server = await secureServer();
    const client = kind.open({ verify: { ca }, resolve: () => '127.0.0.1' });
    for (const host of ['a.test.invalid', 'b.test.invalid', 'a.test.invalid']) await client.get(server.urlFor(host));
    expect([server.accepted, server.resumptions]).toEqual([2, 0]);
  });

  test('calls that make their own client leave nothing behind for the next', async () => {
    const server = await secureServer();
    for (const verify of [{ ca }, false, { ca }] as const) await kind.functions.get(server.url, { verify });
    await server.emptied();
    expect([server.accepted, server.resumptions]).toEqual([3, 0]);
  });
});
