/** squid, tinyproxy and Apache httpd as HTTP proxies; microsocks and Dante for SOCKS 5. nginx, and servers with bad TLS, behind. */
import { describe, expect, test } from 'vitest';
import { ConnectError, DigestAuth, ProxyError, type ProxyFields } from '../../src/index.js';
import { failureOf } from '../support/client.js';
import { clients } from '../support/clients.js';
import { type PeerName, peers } from './peers.js';
import { servers } from './servers.js';

const BASIC: readonly [string, string] = ['user', 'pa:ss'];
const WORDS: readonly [string, string] = ['user', 'pass'];
const { plain, tls } = peers.nginx.ports;

interface Kind {
  readonly kind: string;
  readonly name: PeerName;
  readonly proxy: ProxyFields;
}

const at = (scheme: string, port: number): string => `${scheme}://localhost:${port}`;

const kindsOf = (ca: string): readonly Kind[] => [
  { kind: 'squid', name: 'squid', proxy: { url: at('http', peers.squid.ports.open) } },
  {
    kind: 'squid, Basic',
    name: 'squid',
    proxy: { url: at('http', peers.squid.ports.basic), auth: BASIC },
  },
  {
    kind: 'squid over TLS, Basic',
    name: 'squid',
    proxy: { url: at('https', peers.squid.ports.https), auth: BASIC, tls: ca },
  },
  {
    kind: 'squid, Digest',
    name: 'squid-digest',
    proxy: { url: at('http', peers['squid-digest'].ports.digest), auth: new DigestAuth(...WORDS) },
  },
  { kind: 'tinyproxy', name: 'tinyproxy', proxy: { url: at('http', peers.tinyproxy.ports.open) } },
  {
    kind: 'tinyproxy, Basic',
    name: 'tinyproxy',
    proxy: { url: at('http', peers.tinyproxy.ports.basic), auth: WORDS },
  },
  {
    kind: 'Apache httpd, Basic',
    name: 'apache2',
    proxy: { url: at('http', peers.apache2.ports.proxy), auth: BASIC },
  },
  {
    kind: 'microsocks',
    name: 'microsocks',
    proxy: { url: at('socks5h', peers.microsocks.ports.open) },
  },
  {
    kind: 'microsocks, password',
    name: 'microsocks',
    proxy: { url: at('socks5', peers.microsocks.ports.password), auth: WORDS },
  },
  { kind: 'Dante', name: 'danted', proxy: { url: at('socks5h', peers.danted.ports.open) } },
];

const BAD = peers['bad-tls'].ports;
/** What is wrong with each, as the message says it. */
const WHY: Readonly<Record<keyof typeof BAD, RegExp>> = {
  expired: /expired/,
  wronghost: /name|host/i,
  cnonly: /name|host/i,
  ipindns: /name|host/i,
  selfsigned: /self|signed/,
};

for (const { kind, name } of kindsOf('')) {
  servers(name, 'nginx', 'bad-tls').describe(kind, ({ ca }) => {
    const { proxy } = kindsOf(ca).find((each) => each.kind === kind) as Kind;

    describe.each(clients)('$name', (client) => {
      test('http and https origins are reached, the latter over TLS of their own', async () => {
        const opened = client.open({ verify: ca, proxy });
        for (const origin of [`http://localhost:${plain}`, `https://localhost:${tls}`, `https://localhost:${tls}`]) {
          const response = await opened.get(`${origin}/hello.txt`);
          expect([response.statusCode, response.text]).toEqual([200, 'hello\n']);
        }
      });

      test('HTTP/2 is spoken inside of a tunnel', async () => {
        const opened = client.open({ verify: ca, proxy, http2: true });
        const response = await opened.get(`https://localhost:${tls}/hello.txt`);
        expect([response.httpVersion, response.text]).toEqual(['HTTP/2', 'hello\n']);
      });

      test.each(Object.entries(BAD))(
        'SECURITY 6.6: a peer whose TLS is bad is refused, and why: %s',
        async (what, port) => {
          const opened = client.open({ verify: ca, proxy });
          const host = what === 'ipindns' ? '127.0.0.1' : 'localhost';
          const error = await failureOf(() => opened.get(`https://${host}:${port}/`), ConnectError);
          expect(error).toMatchObject({ phase: 'tls', sent: 'none' });
          expect(error.message).toMatch(WHY[what as keyof typeof BAD]);
        },
      );

      test('nobody there: an error of the proxy', async () => {
        const opened = client.open({ verify: ca, proxy });
        const error = await failureOf(() => opened.get('https://localhost:1/'), ProxyError);
        expect(error).toMatchObject({ phase: 'proxy', sent: 'none' });
      });

      if (!/Basic|Digest|password/.test(kind)) return;
      test('a wrong password is refused, and not shown', async () => {
        const auth =
          proxy.auth instanceof DigestAuth ? new DigestAuth('user', 'hunter2') : (['user', 'hunter2'] as const);
        const opened = client.open({ verify: ca, proxy: { ...proxy, auth } });
        const error = await failureOf(() => opened.get(`https://localhost:${tls}/hello.txt`), ProxyError);
        expect(error.message).toMatch(/40[17]|password/);
        expect(error.message).not.toContain('hunter2');
      });
    });
  });
}
