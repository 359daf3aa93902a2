/** Hosts without sockets, or without some of their options: what clients do there, and what they refuse. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { blockingRuntime, type Environment, runtime } from '../../src/environment.js';
import type { Digests, Host, PublicSuffixes } from '../../src/hosts/host.js';
import { openConnector } from '../../src/hosts/web/blocking.js';
import { webHost } from '../../src/hosts/web/host.js';
import { connector as noSockets } from '../../src/hosts/web/sockets.js';
import {
  AsyncClient,
  AsyncHTTPTransport,
  Client,
  ConnectError,
  DigestAuth,
  LocalProtocolError,
  MockTransport,
  Response,
} from '../../src/index.js';
import { FUNCTION_OPTIONS, oneCall } from '../../src/options.js';
import { failureOf } from '../support/client.js';
import { always } from '../support/dialogue.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

describe('a host that only fetches', () => {
  const environment: Environment = { ...runtime, connector: noSockets };

  test('sends by its fetch', async () => {
    const server = await serve(always(answer('fetched')));
    const client = new AsyncClient({}, environment);
    expect((await client.get(server.url)).text).toBe('fetched');
    expect(server.heads[0]).toMatch(/^GET \/ HTTP\/1\.1\r\n/);
    await client.aclose();
  });

  test.each([
    ['verify', { verify: false }],
    ['cert', { cert: 'client.pem' }],
    ['http1', { http1: false, http2: true }],
    ['limits', { limits: { maxConnections: 1 } }],
    ['resolve', { resolve: () => '127.0.0.1' }],
    ['allowAddress', { allowAddress: () => true }],
  ])('refuses %s, by name, when the client is made', (name, options) => {
    expect(() => new AsyncClient(options, environment)).toThrow(new RegExp(`^Cannot make .*cannot honour ${name}$`));
  });

  test('takes what it does anyway, and transports of the user', async () => {
    await new AsyncClient({ verify: true, http1: true, http2: true, limits: null }, environment).aclose();
    const transport = new MockTransport(() => new Response(204));
    const client = new AsyncClient({ transport, verify: true }, environment);
    expect((await client.get('http://nowhere.invalid/')).statusCode).toBe(204);
    await client.aclose();
  });

  test('takes the settings of a single call, and refuses those of the user', async () => {
    await new AsyncClient(oneCall({}, FUNCTION_OPTIONS).client, environment).aclose();
    const { client } = oneCall({ verify: false }, FUNCTION_OPTIONS);
    expect(() => new AsyncClient(client, environment)).toThrow(/cannot honour verify$/);
  });

  test('a transport over sockets says that there are none', async () => {
    const transport = new AsyncHTTPTransport({}, environment);
    const client = new AsyncClient({ transport });
    expect((await failureOf(client.get('http://host.example/'), ConnectError)).message).toContain('FetchTransport');
    await client.aclose();
  });
});

test('a host that cannot block says so, where a connection is asked for', () => {
  const client = new Client({}, { ...runtime, connector: openConnector() });
  expect(() => client.get('http://host.example/')).toThrow(/a thread of this host cannot block/);
  client.close();
});

test('a host that loads the suffix list later says so to a blocking call that needs it, and has it in a later turn', async () => {
  let list: PublicSuffixes | null = null;
  const loading = Promise.resolve().then(() => {
    list = { isPublicSuffix: (domain) => domain === 'co.uk' };
    return list;
  });
  const host = { ...runtime.host, publicSuffixes: () => list ?? loading };
  const answered = () => new Response(200, { headers: { 'set-cookie': 'a=b; domain=example.co.uk' } });
  const client = new Client({ transport: new MockTransport(answered) }, { ...blockingRuntime(), host });
  const error = await failureOf(() => client.get('http://www.example.co.uk/'), LocalProtocolError);
  expect(error.message).toContain('still loading the public suffix list');
  client.get('http://www.example.co.uk/');
  expect(client.cookies.get('a', { domain: 'example.co.uk' })).toBe('b');
  client.close();
});

describe('a host that loads hash functions later', () => {
  const digests = async () => (await import('../../src/hosts/node/digests.js')).digests();
  /** A host that has them from the first await behind the first question on. */
  function lateHost(): Pick<Host, 'random' | 'digests'> {
    let loaded: Digests | null = null;
    const loading = async () => {
      loaded = await digests();
      return loaded;
    };
    return { random: (n) => new Uint8Array(n), digests: () => loaded ?? loading() };
  }
  const asking = new MockTransport(({ headers }) =>
    headers.has('authorization')
      ? new Response(200)
      : new Response(401, { headers: { 'www-authenticate': 'Digest realm="r", nonce="n", qop="auth"' } }),
  );

  test('says so to a blocking call that is challenged, and has them in a later turn', async () => {
    const auth = new DigestAuth('user', 'secret', lateHost());
    using client = new Client({ auth, transport: asking });
    const error = await failureOf(() => client.get('http://host.example/'), LocalProtocolError);
    expect(error.message).toMatch(/^Cannot answer a Digest challenge: .*still loading.*; call again in a later turn/);
    expect([error.sent, error.request.url.host]).toEqual(['full', 'host.example']);
    await digests();
    expect(client.get('http://host.example/').statusCode).toBe(200);
  });

  test('lets a call that can wait do so', async () => {
    const auth = new DigestAuth('user', 'secret', lateHost());
    await using client = new AsyncClient({ auth, transport: asking });
    expect((await client.get('http://host.example/')).statusCode).toBe(200);
  });

  test('an auth of the user in between is heard, and its promise is its own mistake', () => {
    class Slow extends DigestAuth {
      override *authFlow(): ReturnType<DigestAuth['authFlow']> {
        yield Promise.resolve() as never;
      }
    }
    using client = new Client({
      auth: new Slow('user', 'secret'),
      transport: new MockTransport(() => new Response(200)),
    });
    expect(() => client.get('http://host.example/')).toThrow(TypeError);
  });

  test.each(['http', 'https'])(
    'says so to a blocking call to an %s origin through a proxy with Digest',
    async (scheme) => {
      const host = { ...runtime.host, ...lateHost() };
      const proxy = { url: 'http://127.0.0.1:9', auth: new DigestAuth('user', 'secret') };
      using client = new Client({ proxy }, { ...blockingRuntime(), host });
      const error = await failureOf(() => client.get(`${scheme}://host.example/`), LocalProtocolError);
      expect(error.message).toContain('still loading the hash functions');
      expect(error.sent).toBe('none');
    },
  );
});

test('options that a host of sockets cannot honour are refused by name', () => {
  const environment: Environment = { ...runtime, connector: { ...runtime.connector, cannot: ['uds', 'verify'] } };
  expect(() => new AsyncHTTPTransport({ uds: '/socket' }, environment)).toThrow(/cannot honour uds$/);
  expect(() => new AsyncHTTPTransport({ verify: false }, environment)).toThrow(/cannot honour verify$/);
  expect(() => new AsyncHTTPTransport({ verify: true, uds: null }, environment)).not.toThrow();
});

describe('the platform as a host', () => {
  const host = webHost('web');

  test('gives random octets, however many', () => {
    const octets = host.random(200_000);
    expect(octets.length).toBe(200_000);
    expect(new Set(octets.subarray(199_000)).size).toBeGreaterThan(100);
  });

  test('keeps time, and forgets a timer that is cancelled', async () => {
    const log: string[] = [];
    host.after(0, () => log.push('cancelled')).cancel();
    await new Promise<void>((resolve) => host.after(1, resolve));
    await new Promise<void>((resolve) => host.nextTurn(resolve));
    expect(log).toEqual([]);
    expect(Math.abs(host.wallClock() - Date.now())).toBeLessThan(1000);
  });

  test('loads the suffix list and the hash functions once', async () => {
    const suffixes = await host.publicSuffixes();
    expect([suffixes.isPublicSuffix('co.uk'), suffixes.isPublicSuffix('example.co.uk')]).toEqual([true, false]);
    expect(host.publicSuffixes()).toBe(suffixes);
    const digests = await host.digests();
    const md5 = Buffer.from(digests.md5(new Uint8Array([1, 2, 3]))).toString('hex');
    expect(md5).toBe(
      createHash('md5')
        .update(Uint8Array.of(1, 2, 3))
        .digest('hex'),
    );
    expect(host.digests()).toBe(digests);
  });

  test('has no files and no environment', () => {
    expect(() => host.readFile('/etc/ca.pem')).toThrow('Cannot read /etc/ca.pem: this host has no files');
    expect(host.environment('HOME')).toBeUndefined();
  });
});
