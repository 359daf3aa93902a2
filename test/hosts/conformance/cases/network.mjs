// What goes over sockets beside plain HTTP/1.1: HTTP/2, proxies, TLS in the middle of a connection; with both clients where the
// host has both. That proxies were asked is their own word.
import { equal, failure, holds, pattern } from '../check.mjs';
import { closed, forBothClients } from '../clients.mjs';

const PRIOR_KNOWLEDGE = { http1: false, http2: true };

export const http2 = {
  needs: ['own sockets'],
  cases: {
    ...forBothClients({
      async 'HTTP/2 without TLS, by prior knowledge, on one connection'({ h2cBase, options }, Client) {
        const client = new Client({ ...options, ...PRIOR_KNOWLEDGE });
        const first = (await client.get(`${h2cBase}/bytes/1`)).headers.get('x-peer-port');
        for (let i = 0; i < 10; i++) {
          const { httpVersion, content, headers } = await client.get(`${h2cBase}/bytes/${i * 10_000}`);
          equal([httpVersion, content], ['HTTP/2', pattern(i * 10_000)], `answer ${i}`);
          equal(headers.get('x-peer-port'), first, 'its connection');
        }
        await closed(client);
      },
      async 'an upload over HTTP/2 arrives whole'({ h2cBase, options }, Client) {
        const client = new Client({ ...options, ...PRIOR_KNOWLEDGE });
        function* content() {
          for (let i = 0; i < 30; i++) yield pattern(10_000);
        }
        equal((await client.post(`${h2cBase}/echo`, { content: content() })).json().octets, 300_000, 'octets');
        await closed(client);
      },
      async 'over TLS the handshake decides (ALPN), where the host has that'(context, Client) {
        const { h2Base, secureOptions, features } = context;
        if (!features.has('tls')) return 'not on this host: it has no tls';
        const client = new Client({ ...secureOptions, http2: true });
        const { httpVersion, content } = await client.get(`${h2Base}/bytes/50000`);
        equal([httpVersion, content], [features.has('alpn') ? 'HTTP/2' : 'HTTP/1.1', pattern(50_000)], 'answer');
        await closed(client);
        return undefined;
      },
    }),
    async 'many requests at once are streams of one connection'({ httpx, h2cBase, options }) {
      const client = new httpx.AsyncClient({ ...options, ...PRIOR_KNOWLEDGE });
      const first = (await client.get(`${h2cBase}/bytes/1`)).headers.get('x-peer-port');
      const sizes = Array.from({ length: 20 }, (_, i) => i * 10_000);
      const answers = await Promise.all(sizes.map((octets) => client.get(`${h2cBase}/bytes/${octets}`)));
      for (const [i, { httpVersion, content, headers }] of answers.entries()) {
        equal([httpVersion, content], ['HTTP/2', pattern(sizes[i])], `answer ${i}`);
        equal(headers.get('x-peer-port'), first, 'its connection');
      }
      await client.aclose();
    },
    async 'long bodies over TLS come whole at once, on one connection'({ httpx, h2Base, secureOptions, features }) {
      if (!features.has('alpn')) return 'not on this host: it has no ALPN';
      const client = new httpx.AsyncClient({ ...secureOptions, http2: true });
      const floods = Array.from({ length: 4 }, (_, i) => `${h2Base}/flood/16/h2-${Date.now()}-${i}`);
      const answers = await Promise.all(floods.map((flood) => client.get(flood)));
      for (const { httpVersion, content } of answers) {
        equal([httpVersion, content.length], ['HTTP/2', 16 * 1024 * 1024], 'answer');
      }
      await client.aclose();
      return undefined;
    },
  },
};

/** A request through a proxy: what it was asked, by what it counts before and after. */
async function through({ client: plain, base }, Client, settings, url, version = 'HTTP/1.1') {
  const counted = async () => (await plain.get(`${base}/proxied`)).json();
  const before = await counted();
  const client = new Client(settings);
  try {
    const { httpVersion, content } = await client.get(url);
    equal([httpVersion, content], [version, pattern(30_000)], 'answer');
  } finally {
    await closed(client);
  }
  const after = await counted();
  return Object.fromEntries(Object.keys(after).map((kind) => [kind, after[kind] - before[kind]]));
}

const AUTH = ['user', 'pa:ss'];
const BY_ONE = { forwarded: 0, tunnels: 0, socks: 0 };
const PATH = '/bytes/30000';
const NO_TLS = 'not on this host: it has no tls';

export const proxies = {
  needs: ['own sockets'],
  cases: forBothClients({
    async 'an HTTP proxy forwards'(context, Client) {
      const settings = { ...context.options, proxy: { url: context.proxyUrl, auth: AUTH } };
      const asked = await through(context, Client, settings, context.base + PATH);
      equal(asked, { ...BY_ONE, forwarded: 1 }, 'asked');
    },
    async 'an HTTP proxy makes a tunnel for TLS (CONNECT)'(context, Client) {
      if (!context.features.has('tls')) return NO_TLS;
      const settings = { ...context.secureOptions, proxy: { url: context.proxyUrl, auth: AUTH } };
      const asked = await through(context, Client, settings, context.secureBase + PATH);
      equal(asked, { ...BY_ONE, tunnels: 1 }, 'asked');
      return undefined;
    },
    async 'HTTP/2 goes through a tunnel, too'(context, Client) {
      if (!context.features.has('alpn')) return 'not on this host: it has no ALPN';
      const settings = { ...context.secureOptions, http2: true, proxy: { url: context.proxyUrl, auth: AUTH } };
      const asked = await through(context, Client, settings, context.h2Base + PATH, 'HTTP/2');
      equal(asked, { ...BY_ONE, tunnels: 1 }, 'asked');
      return undefined;
    },
    async 'a SOCKS proxy is asked, with user and password'(context, Client) {
      const settings = { ...context.options, proxy: { url: context.socksUrl, auth: AUTH } };
      equal(await through(context, Client, settings, context.base + PATH), { ...BY_ONE, socks: 1 }, 'asked');
    },
    async 'a SOCKS proxy leads to TLS'(context, Client) {
      if (!context.features.has('tls')) return NO_TLS;
      const settings = { ...context.secureOptions, proxy: { url: context.socksUrl, auth: AUTH } };
      equal(await through(context, Client, settings, context.secureBase + PATH), { ...BY_ONE, socks: 1 }, 'asked');
      return undefined;
    },
    async 'a proxy that wants a password says so'(context, Client) {
      const { httpx, options, base, proxyUrl, secureBase, secureOptions, features } = context;
      const open = new Client({ ...options, proxy: proxyUrl });
      equal((await open.get(`${base}/status/200`)).statusCode, 407, 'forwarded');
      await closed(open);
      if (!features.has('tls')) return;
      const secure = new Client({ ...secureOptions, proxy: proxyUrl });
      await failure(() => secure.get(`${secureBase}/status/200`), httpx.ProxyError, 'tunnel');
      await closed(secure);
    },
  }),
};

export const startTls = {
  needs: ['tls'],
  cases: forBothClients({
    async 'TLS begins in the middle of a connection'({ options, startBase, secureOptions }, Client) {
      const client = new Client(options);
      const headers = { connection: 'upgrade', upgrade: 'tls' };
      const response = await client.stream('GET', `${startBase}/`, { headers });
      const plain = response.extensions.networkStream;
      holds(plain !== undefined, `status ${response.statusCode}`);
      const secure = await plain.startTls({ serverHostname: 'localhost', ...secureOptions });
      await secure.write(new TextEncoder().encode('whispered'));
      equal(new TextDecoder().decode(await secure.read()), 'WHISPERED', 'answer');
      secure.close();
      await closed(client);
    },
  }),
};
