// What goes over sockets beside plain HTTP/1.1: HTTP/2, proxies, TLS in the middle of a connection; with both clients where the
// host has both. That proxies were asked is their own word.
import { equal, failure, holds, pattern } from '../check.mjs';

export const http2 = {
  needs: ['own sockets'],
  cases: {
    async 'HTTP/2 without TLS, by prior knowledge: many requests on one connection'({ httpx, h2cBase, options }) {
      const client = new httpx.AsyncClient({ ...options, http1: false, http2: true });
      const first = (await client.get(`${h2cBase}/bytes/1`)).headers.get('x-peer-port');
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => client.get(`${h2cBase}/bytes/${i * 10_000}`)),
      );
      for (const [i, { httpVersion, content, headers }] of answers.entries()) {
        equal([httpVersion, content], ['HTTP/2', pattern(i * 10_000)], `answer ${i}`);
        equal(headers.get('x-peer-port'), first, 'its connection');
      }
      await client.aclose();
    },
    async 'an upload over HTTP/2 arrives whole'({ httpx, h2cBase, options }) {
      const client = new httpx.AsyncClient({ ...options, http1: false, http2: true });
      const content = (async function* () {
        for (let i = 0; i < 30; i++) yield pattern(10_000);
      })();
      equal((await client.post(`${h2cBase}/echo`, { content })).json().octets, 300_000, 'octets');
      await client.aclose();
    },
    async 'over TLS the handshake decides (ALPN), where the host has that'({ httpx, h2Base, secureOptions, features }) {
      if (!features.has('tls')) return 'not on this host';
      const client = new httpx.AsyncClient({ ...secureOptions, http2: true });
      const { httpVersion, content } = await client.get(`${h2Base}/bytes/50000`);
      equal([httpVersion, content], [features.has('alpn') ? 'HTTP/2' : 'HTTP/1.1', pattern(50_000)], 'answer');
      await client.aclose();
      return undefined;
    },
    async 'Client speaks HTTP/2'({ httpx, h2cBase, features }) {
      if (!features.has('blocking')) return 'not on this host';
      const client = new httpx.Client({ http1: false, http2: true });
      const { httpVersion, content } = client.get(`${h2cBase}/bytes/50000`);
      equal([httpVersion, content], ['HTTP/2', pattern(50_000)], 'answer');
      client.close();
      return undefined;
    },
  },
};

/** Requests through a proxy, with what it counts before and after. */
async function through(context, settings, url) {
  const { httpx, base } = context;
  const counted = async () => (await context.client.get(`${base}/proxied`)).json();
  const before = await counted();
  const client = new httpx.AsyncClient(settings);
  try {
    equal((await client.get(url)).content, pattern(30_000), 'content');
  } finally {
    await client.aclose();
  }
  const after = await counted();
  return Object.fromEntries(Object.keys(after).map((kind) => [kind, after[kind] - before[kind]]));
}

const AUTH = ['user', 'pa:ss'];
const BY_ONE = { forwarded: 0, tunnels: 0, socks: 0 };

export const proxies = {
  needs: ['own sockets'],
  cases: {
    async 'an HTTP proxy forwards'(context) {
      const proxy = { url: context.proxyUrl, auth: AUTH };
      const url = `${context.base}/bytes/30000`;
      equal(await through(context, { ...context.options, proxy }, url), { ...BY_ONE, forwarded: 1 }, 'asked');
    },
    async 'an HTTP proxy makes a tunnel for TLS (CONNECT)'(context) {
      if (!context.features.has('tls')) return 'not on this host';
      const proxy = { url: context.proxyUrl, auth: AUTH };
      const url = `${context.secureBase}/bytes/30000`;
      equal(await through(context, { ...context.secureOptions, proxy }, url), { ...BY_ONE, tunnels: 1 }, 'asked');
      return undefined;
    },
    async 'a SOCKS proxy is asked, with user and password'(context) {
      const proxy = { url: context.socksUrl, auth: AUTH };
      const url = `${context.base}/bytes/30000`;
      equal(await through(context, { ...context.options, proxy }, url), { ...BY_ONE, socks: 1 }, 'asked');
    },
    async 'a proxy that wants a password says so'({
      httpx,
      options,
      base,
      proxyUrl,
      secureBase,
      secureOptions,
      features,
    }) {
      const open = new httpx.AsyncClient({ ...options, proxy: proxyUrl });
      equal((await open.get(`${base}/status/200`)).statusCode, 407, 'forwarded');
      await open.aclose();
      if (!features.has('tls')) return;
      const secure = new httpx.AsyncClient({ ...secureOptions, proxy: proxyUrl });
      await failure(() => secure.get(`${secureBase}/status/200`), httpx.ProxyError, 'tunnel');
      await secure.aclose();
    },
    async 'Client goes through a proxy'({ httpx, base, proxyUrl, features }) {
      if (!features.has('blocking')) return 'not on this host';
      const client = new httpx.Client({ proxy: { url: proxyUrl, auth: AUTH } });
      equal(client.get(`${base}/bytes/30000`).content, pattern(30_000), 'content');
      client.close();
      return undefined;
    },
  },
};

export const startTls = {
  needs: ['tls'],
  cases: {
    async 'TLS begins in the middle of a connection'({ httpx, options, startBase, secureOptions }) {
      const client = new httpx.AsyncClient(options);
      const headers = { connection: 'upgrade', upgrade: 'tls' };
      const response = await client.stream('GET', `${startBase}/`, { headers });
      const plain = response.extensions.networkStream;
      holds(plain !== undefined, `status ${response.statusCode}`);
      const secure = await plain.startTls({ serverHostname: 'localhost', ...secureOptions });
      await secure.write(new TextEncoder().encode('whispered'));
      equal(new TextDecoder().decode(await secure.read()), 'WHISPERED', 'answer');
      secure.close();
      await client.aclose();
    },
  },
};
