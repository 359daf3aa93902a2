/** Proxies as values, and which of them a client uses: the option, the environment, mounts, transports. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  AsyncClient,
  AsyncHTTPTransport,
  InvalidURL,
  MockTransport,
  Proxy,
  Request,
  Response,
  URL,
} from '../../src/index.js';
import { ipOctets, isInRange, parseIpRange } from '../../src/ip-addresses.js';
import { environmentMounts, environmentProxies } from '../../src/proxy-environment.js';
import { fakeEnvironment } from '../support/client.js';
import { clients } from '../support/clients.js';
import { always } from '../support/dialogue.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const SECRET = /hunter2/;

describe('a Proxy', () => {
  test('is immutable, and shows no password however it is looked at', () => {
    const proxy = new Proxy('http://user:hunter2@p:3128', { headers: { 'Proxy-Authorization': 'Token hunter2' } });
    proxy.headers.set('X', 'y');
    expect(proxy.headers.has('x')).toBe(false);
    expect(Object.isFrozen(proxy.auth)).toBe(true);
    for (const shown of [
      String(proxy),
      `${proxy.url}`,
      inspect(proxy, { showHidden: true }),
      JSON.stringify({ proxy }),
    ]) {
      expect(shown).toContain('p:3128');
      expect(shown).not.toMatch(SECRET);
    }
  });

  test.each([
    ['ftp://user:hunter2@p', TypeError, /socks5h:\/\/, got ftp:/],
    ['p:3128', TypeError, /got p:/],
    ['', TypeError, /without a scheme/],
    ['//p:3128', TypeError, /without a scheme/],
    ['http://p:99999999', InvalidURL, /port/i],
  ] as const)('%s is refused', (url, kind, why) => {
    for (const make of [() => new Proxy(url), () => new AsyncClient({ proxy: url })]) {
      expect(make).toThrow(kind);
      expect(make).toThrow(why);
      expect(make).not.toThrow(SECRET);
    }
  });

  test('mistakes in its options are told by name', () => {
    const made =
      (options: object): (() => Proxy) =>
      () =>
        new Proxy('http://p', options);
    expect(made({ ssl_context: 1 })).toThrow(/unknown option 'ssl_context' \(known: auth, headers, tls\)/);
    expect(made({ tls: 5 })).toThrow("Cannot use a Proxy's tls: expected a boolean, a path or TLS options, got 5");
    expect(made({ tls: { minVersion: 'TLSv1' } })).toThrow(RangeError);
    expect(made({ auth: ['a'] })).toThrow(/auth to be \[username, password\]/);
    expect(made({ auth: 'user:hunter2' })).not.toThrow(SECRET);
    expect(made({ headers: { 'Content-Length': '1' } })).toThrow(/content-length must not be among its headers/);
    expect(() => Proxy.from({ uri: 'http://p' } as never)).toThrow(/unknown option 'uri'/);
    expect(() => Proxy.from(7 as never)).toThrow(/expected a URL, a Proxy or an object with a url, got number/);
    expect(() => Proxy.from({} as never)).toThrow(/has no url/);
    expect(() => new Proxy(`socks5://u:${'p'.repeat(256)}@p`)).toThrow(RangeError);
    expect(() => new AsyncClient({ proxy: { url: 'http://p', headers: { 'X\n': 'y' } } })).toThrow(/X/);
    expect(() => new AsyncClient({ proxy: 'proxy.example:3128' })).toThrow(
      'got proxy.example:; to reach an HTTP proxy there, write http://proxy.example:3128',
    );
    expect(() => new AsyncClient({ proxy: 'http://' })).toThrow(InvalidURL);
    expect(() => new AsyncClient({ proxy: 'http://a b' })).toThrow(InvalidURL);
  });

  test('is made of text, of a URL of either kind, and of its fields', () => {
    const made = ['http://p:1', new URL('http://p:1'), new globalThis.URL('http://p:1'), { url: 'http://p:1' }];
    for (const given of made) expect(Proxy.from(given)?.url.href.replace(/\/$/, '')).toBe('http://p:1');
    expect(Proxy.from(null)).toBeNull();
  });

  test('nothing is read from a polluted prototype (SECURITY 5.6)', () => {
    const prototype = Object.prototype as { auth?: unknown; proxy?: unknown };
    try {
      prototype.auth = ['evil', 'evil'];
      prototype.proxy = 'http://evil.invalid';
      expect(new Proxy('http://p').auth).toBeNull();
      const client = new AsyncClient({}, fakeEnvironment());
      expect((client.transportFor(new Request('GET', 'http://x/')) as AsyncHTTPTransport).proxy).toBeNull();
    } finally {
      delete prototype.auth;
      delete prototype.proxy;
    }
  });
});

/** The proxy's URL that a client uses for `url`. */
function usedBy(client: AsyncClient, url: string): string | null {
  const transport = client.transportFor(new Request('GET', url));
  return transport instanceof AsyncHTTPTransport ? (transport.proxy?.url.href ?? null) : 'another transport';
}

function clientOf(
  variables: Readonly<Record<string, string>>,
  options: ConstructorParameters<typeof AsyncClient>[0] = {},
) {
  const environment = fakeEnvironment();
  for (const [name, value] of Object.entries(variables)) environment.host.variables.set(name, value);
  return new AsyncClient(options, environment);
}

describe('the environment', () => {
  test('SECURITY 6.8: HTTP_PROXY is nobody’s word in a CGI program, http_proxy is', () => {
    expect(usedBy(clientOf({ HTTP_PROXY: 'http://evil', REQUEST_METHOD: 'GET' }), 'http://x/')).toBeNull();
    expect(usedBy(clientOf({ http_proxy: 'http://good', REQUEST_METHOD: 'GET' }), 'http://x/')).toBe('http://good');
    expect(usedBy(clientOf({ HTTPS_PROXY: 'http://good', REQUEST_METHOD: 'GET' }), 'https://x/')).toBe('http://good');
  });

  test('SECURITY 6.8: NO_PROXY is about the host that is connected to, however it is written', () => {
    const used = (no: string, url: string) => usedBy(clientOf({ ALL_PROXY: 'http://p', NO_PROXY: no }), url);
    for (const url of ['http://127.0.0.1/', 'http://0x7f.1/', 'http://2130706433/', 'http://[::ffff:1.2.3.4]/']) {
      expect(used('127.0.0.0/8,::/0', url), url).toBeNull();
    }
    expect(used('EXAMPLE.com', 'http://example.COM./')).toBeNull();
    expect(used('müller.de', 'http://www.xn--mller-kva.de/')).toBeNull();
    expect(used('example.com', 'http://example.com.evil.invalid/')).toBe('http://p');
    expect(used('0.0.1', 'http://127.0.0.1/')).toBe('http://p');
    expect(used('[::1]:8080', 'http://[::1]:8080/')).toBeNull();
    expect(used('[::1]:8080', 'http://[::1]/')).toBe('http://p');
    expect(used('example.com:443', 'https://example.com/')).toBeNull();
    expect(used('10.0.0.0/33 10.0.0.0/-1 fe80::1%eth0 [ ]', 'http://10.0.0.1/')).toBe('http://p');
  });

  test('SECURITY 5.6, API: proxy and transport replace it, proxy: null and trustEnv: false switch it off', () => {
    const variables = { ALL_PROXY: 'http://p', NO_PROXY: 'x' };
    const url = 'http://x/';
    expect(usedBy(clientOf(variables, { proxy: 'http://q' }), url)).toBe('http://q');
    expect(usedBy(clientOf(variables, { proxy: null }), 'http://y/')).toBeNull();
    expect(usedBy(clientOf(variables, { trustEnv: false }), 'http://y/')).toBeNull();
    const transport = new MockTransport(() => new Response(200));
    expect(usedBy(clientOf(variables, { transport }), 'http://y/')).toBe('another transport');
    expect(usedBy(clientOf(variables, { transport, proxy: 'http://q' }), 'http://y/')).toBe('another transport');
  });

  test('mounts go beside it: the more exact pattern wins, and the mount of equal ones', () => {
    const mounted = new MockTransport(() => new Response(200));
    const client = clientOf(
      { HTTP_PROXY: 'http://p', NO_PROXY: 'x' },
      { mounts: { 'http://y': mounted, 'https://': mounted } },
    );
    expect(['http://x/', 'http://y/', 'http://z/', 'https://z/'].map((url) => usedBy(client, url))).toEqual([
      null,
      'another transport',
      'http://p',
      'another transport',
    ]);
  });

  test('what cannot be used is told with its variable, and without its password', () => {
    expect(() => clientOf({ HTTPS_PROXY: 'ftp://user:hunter2@p' })).toThrow(
      /^Cannot use HTTPS_PROXY of the environment: /,
    );
    expect(() => clientOf({ HTTPS_PROXY: 'ftp://user:hunter2@p' })).not.toThrow(SECRET);
    expect(() => clientOf({ NO_PROXY: 'http://[' })).toThrow(/NO_PROXY/);
    expect(() => clientOf({ HTTP_PROXY: 'ftp://p', NO_PROXY: '*' })).not.toThrow();
  });

  test('equal proxies share a transport, and wrapTransport wraps it once', () => {
    const wrapped: unknown[] = [];
    const variables = { HTTP_PROXY: 'http://p', HTTPS_PROXY: 'http://p', NO_PROXY: 'x' };
    const client = clientOf(variables, {
      wrapTransport: (inner) => {
        wrapped.push(inner);
        return inner;
      },
    });
    const of = (url: string) => client.transportFor(new Request('GET', url));
    expect(of('http://a/')).toBe(of('https://b/'));
    expect(wrapped.length).toBe(2);
    expect(environmentProxies((name) => new Map(Object.entries(variables)).get(name)).mounts.length).toBe(3);
  });

  test('white space around a proxy’s URL counts for nothing, with or without a scheme', () => {
    for (const given of [' p:3128\n', '\thttp://p:3128 ']) {
      const host = { environment: (name: string) => (name === 'HTTP_PROXY' ? given : undefined) };
      const mounts = environmentMounts(host, (proxy) => proxy?.name);
      expect(mounts).toEqual([['http://', 'http://p:3128']]);
    }
  });
});

describe.each(clients)('$name', (client) => {
  test('SECURITY 2.7: clients with different proxies, or credentials for them, share no connection', async () => {
    const between = await serve(always(answer('forwarded')), { repeatLast: true });
    const url = `127.0.0.1:${between.port}`;
    const kinds = [
      `http://${url}`,
      `http://a:b@${url}`,
      `http://c:d@${url}`,
      { url: `http://${url}`, headers: { X: 'y' } },
    ];
    for (const proxy of kinds) await client.open({ proxy }).get('http://one.invalid/');
    expect(between.accepted).toBe(kinds.length);
  });

  test('functions take a proxy for one call', async () => {
    const between = await serve(always(answer('forwarded')), { repeatLast: true });
    const response = await client.functions.get('http://one.invalid/', { proxy: `http://127.0.0.1:${between.port}` });
    expect(response.text).toBe('forwarded');
    await between.emptied();
  });
});

describe('addresses and ranges', () => {
  test.each([
    ['0.0.0.0/0', '255.255.255.255', true],
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.1.2.3/8', '10.0.0.0', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['192.168.1.128/25', '192.168.1.127', false],
    ['192.168.1.128/25', '192.168.1.200', true],
    ['1.2.3.4', '1.2.3.4', true],
    ['1.2.3.4/32', '1.2.3.5', false],
    ['::1', '0:0::1', true],
    ['2001:db8::/33', '2001:db8:7fff::', true],
    ['2001:db8::/33', '2001:db8:8000::', false],
    ['::/0', '1.2.3.4', false],
    ['0.0.0.0/0', '::1', false],
  ] as const)('%s and %s: %s', (range, address, within) => {
    const parsed = parseIpRange(range);
    const octets = ipOctets(address);
    expect(parsed !== null && octets !== null && isInRange(octets, parsed)).toBe(within);
  });

  test.each([
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4/33',
    '::/129',
    '::1%1',
    'a',
    '',
    '1.2.3.4/',
    '1.2.3.4/08',
    '/8',
  ])('%j is none', (text) => {
    expect(parseIpRange(text)).toBeNull();
  });
});
