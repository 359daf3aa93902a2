/** TLS of nginx and of OpenSSL's server: certificates of clients, and peers that must be refused, each with the reason. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from 'vitest';
import { ConnectError, RemoteProtocolError } from '../../src/index.js';
import { failureOf } from '../support/client.js';
import { clients } from '../support/clients.js';
import { peers } from './peers.js';
import { servers } from './servers.js';

const BAD = peers['bad-tls'].ports;
const toLoopback = { resolve: () => '127.0.0.1' };

const refusals: readonly (readonly [name: keyof typeof BAD, host: string, why: RegExp])[] = [
  ['expired', 'localhost', /certificate has expired/],
  ['wronghost', 'localhost', /Host: localhost\. is not in the cert's altnames/],
  ['cnonly', 'cnonly', /Host: cnonly\. is not in the cert's altnames/],
  ['ipindns', '127.0.0.1', /IP: 127\.0\.0\.1 is not in the cert's list/],
  ['selfsigned', 'localhost', /self-signed certificate/],
];

servers('bad-tls').describe('OpenSSL with bad certificates', ({ ca }) => {
  describe.each(clients)('$name', (kind) => {
    test.each(refusals)('%s is refused, and the message says why', async (name, host, why) => {
      const client = kind.open({ verify: ca, ...toLoopback });
      const error = await failureOf(() => client.get(`https://${host}:${BAD[name]}/`), ConnectError);
      expect(error).toMatchObject({ phase: 'tls', sent: 'none', retryable: false });
      expect(error.message).toMatch(why);
    });

    test('by default the authority is not trusted, whatever else is wrong', async () => {
      for (const port of Object.values(BAD)) {
        const error = await failureOf(() => kind.open().get(`https://localhost:${port}/`), ConnectError);
        expect(error.phase).toBe('tls');
      }
    });

    test('with verify: false each of them answers', async () => {
      for (const port of Object.values(BAD)) {
        const response = await kind.open({ verify: false }).get(`https://localhost:${port}/`);
        expect(response.statusCode).toBe(200);
      }
    });
  });
});

servers('nginx').describe('nginx', ({ ca, path }) => {
  let server: ChildProcess | null = null;
  afterEach(async () => {
    const running = server;
    server = null;
    if (running === null) return;
    running.kill();
    await once(running, 'exit');
  });

  /** OpenSSL's server with nginx's certificate, and these words; its port. `said`: what it says to who connects. */
  async function openssl(words: readonly string[], said: string | null = null): Promise<number> {
    const certificate = ['-cert', path('certs/localhost.pem'), '-key', path('certs/localhost.key')];
    const listening = [
      's_server',
      '-accept',
      '127.0.0.1:0',
      ...certificate,
      ...words,
      ...(said === null ? ['-www'] : []),
    ];
    server = spawn('openssl', listening, { stdio: ['pipe', 'pipe', 'ignore'] });
    if (said !== null) server.stdin?.write(said);
    for await (const line of createInterface({ input: server.stdout as NodeJS.ReadableStream })) {
      const port = /^ACCEPT .*:([0-9]+)$/.exec(line)?.[1];
      if (port !== undefined) return Number(port);
    }
    throw new Error('OpenSSL does not listen');
  }

  describe.each(clients)('$name', (kind) => {
    const url = `https://localhost:${peers.nginx.ports.mutualTls}/hello.txt`;

    test('a certificate of ours is shown where it is demanded', async () => {
      const client = kind.open({ verify: ca, cert: [path('certs/client.pem'), path('certs/client.key')] });
      for (let turn = 0; turn < 2; turn++) expect((await client.get(url)).statusCode).toBe(200);
    });

    test('without one, nginx says so in HTTP', async () => {
      const response = await kind.open({ verify: ca }).get(url);
      expect([response.statusCode, response.text.includes('No required SSL certificate was sent')]).toEqual([
        400,
        true,
      ]);
    });

    test('sessions are resumed', async () => {
      const client = kind.open({ verify: ca, limits: { maxKeepaliveConnections: 0 } });
      const tls = `https://localhost:${peers.nginx.ports.tls}/hello.txt`;
      for (let turn = 0; turn < 3; turn++) expect((await client.get(tls)).statusCode).toBe(200);
    });

    test.each(['-tls1', '-tls1_1'])('%s alone is refused', async (version) => {
      const port = await openssl([version, '-cipher', 'ALL:@SECLEVEL=0']);
      const error = await failureOf(() => kind.open({ verify: ca }).get(`https://localhost:${port}/`), ConnectError);
      expect(error.phase).toBe('tls');
      expect(error.message).toContain('the server speaks no version of TLS that is accepted');
    });

    test('TLS 1.2 alone will do, unless 1.3 is demanded', async () => {
      const port = await openssl(['-tls1_2']);
      expect((await kind.open({ verify: ca }).get(`https://localhost:${port}/`)).statusCode).toBe(200);
      const strict = kind.open({ verify: { caFile: ca, minVersion: 'TLSv1.3' } });
      await failureOf(() => strict.get(`https://localhost:${port}/`), ConnectError);
    });

    test('HTTP/1.1 after HTTP/2 was agreed on is refused', async () => {
      const port = await openssl(['-alpn', 'h2'], 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      const client = kind.open({ verify: ca, http2: true });
      await failureOf(() => client.get(`https://localhost:${port}/`), RemoteProtocolError);
    });
  });
});
