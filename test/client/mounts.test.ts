/** Mounts: which transport a request is handed to, redirects included; who is wrapped, and who is closed. */
import { describe, expect, test } from 'vitest';
import {
  InvalidURL,
  MockTransport,
  type Request,
  Response,
  type ResponseOptions,
  TooManyRedirects,
} from '../../src/index.js';
import { byPriority, matches, parsePattern } from '../../src/mounts.js';
import { URL } from '../../src/url.js';
import { errorOf, failureOf } from '../support/client.js';
import { clients, type Settings } from '../support/clients.js';

/** A transport that answers with its name, and notes in `log` what becomes of it. */
class Named extends MockTransport {
  readonly #name: string;
  readonly #log: string[];

  constructor(name: string, log: string[] = [], answer: ResponseOptions & { status?: number } = { text: name }) {
    super(() => {
      const { status = 200, ...options } = answer;
      return new Response(status, options);
    });
    this.#name = name;
    this.#log = log;
  }

  override async aclose(): Promise<void> {
    this.close();
  }

  override close(): void {
    this.#log.push(this.#name);
  }
}

/** Fails when it is closed. */
class Stuck extends Named {
  override close(): never {
    super.close();
    throw new Error('stuck');
  }
}

describe.each(clients)('$name', (kind) => {
  const open = (mounts: NonNullable<Settings['mounts']>, transport = new Named('default')) =>
    kind.open({ transport, mounts });

  test('the most exact pattern wins, whatever the order of writing', async () => {
    const client = open({
      'all://': new Named('all'),
      'https://': new Named('https'),
      'all://*.example.org': new Named('below'),
      'all://*example.org': new Named('both'),
      'https://api.example.org': new Named('exact'),
      'https://api.example.org:8443': new Named('port'),
    });
    const asked: [string, string][] = [
      ['http://other.test/', 'all'],
      ['https://other.test/', 'https'],
      ['http://example.org/', 'both'],
      ['http://a.b.example.org/', 'below'],
      ['https://api.example.org/', 'exact'],
      ['https://api.example.org:8443/', 'port'],
      ['https://wwwexample.org/', 'https'],
    ];
    for (const [url, name] of asked) expect((await client.get(url)).text, url).toBe(name);
  });

  test('what no pattern matches, and what is mounted as null, goes to the default transport', async () => {
    const client = open({ 'https://': new Named('https'), 'https://direct.test': null });
    expect((await client.get('http://other.test/')).text).toBe('default');
    expect((await client.get('https://direct.test/')).text).toBe('default');
    expect((await client.get('https://other.test/')).text).toBe('https');
  });

  test('null over a pattern for everything exempts one host', async () => {
    const client = open({ 'all://': new Named('all'), 'all://skip.test': null });
    expect((await client.get('http://skip.test/')).text).toBe('default');
    expect((await client.get('http://www.skip.test/')).text).toBe('all');
  });

  test('each request of a redirect is looked up anew', async () => {
    const first = new Named('first', [], { status: 302, headers: { location: 'https://b.test/next' } });
    const client = open({ 'all://a.test': first, 'https://b.test': new Named('second') });
    const response = await client.get('http://a.test/', { followRedirects: true });
    expect(response.text).toBe('second');
    expect(response.history).toHaveLength(1);
  });

  test('a redirect that leads in a circle over two transports is counted', async () => {
    const to = (location: string) => new Named('', [], { status: 302, headers: { location } });
    const client = open({ 'all://a.test': to('http://b.test/'), 'all://b.test': to('http://a.test/') });
    await failureOf(() => client.get('http://a.test/', { followRedirects: true }), TooManyRedirects);
  });

  test('a transport may serve schemes of its own, and cookies are not for them', async () => {
    const seen: Request[] = [];
    const files = new MockTransport((request) => {
      seen.push(request);
      return new Response(200, { text: request.url.path, headers: { 'set-cookie': 'a=b' } });
    });
    const client = open({ 'file://': files, 'custom://host': files });
    client.cookies.set('everywhere', '1');
    expect((await client.get('file:///etc/motd')).text).toBe('/etc/motd');
    expect((await client.get('custom://host/x')).text).toBe('/x');
    expect((await client.get('custom://host/x', { timeout: { total: '5s' } })).text).toBe('/x');
    expect(seen.map(({ headers }) => headers.get('host'))).toEqual([null, 'host', 'host']);
    expect(seen.map(({ headers }) => headers.get('cookie'))).toEqual([null, null, null]);
    expect(client.cookies.size).toBe(1);
  });

  test('wrapTransport wraps the default and each mounted transport, each once', async () => {
    const wrapped: unknown[] = [];
    const base = new Named('default');
    const one = new Named('one');
    const client = kind.open({
      transport: base,
      mounts: { 'all://a.test': one, 'all://b.test': one, 'all://c.test': null },
      wrapTransport: (inner) => {
        wrapped.push(inner);
        return new MockTransport((request) => {
          const { name } = request.extensions;
          return new Response(200, { text: `${String(name)} over ${inner === one ? 'one' : 'default'}` });
        });
      },
    });
    expect(wrapped).toEqual([base, one]);
    const text = async (url: string) => (await client.get(url, { extensions: { name: 'wrapper' } })).text;
    expect(await text('http://a.test/')).toBe('wrapper over one');
    expect(await text('http://b.test/')).toBe('wrapper over one');
    expect(await text('http://c.test/')).toBe('wrapper over default');
    expect(await text('http://d.test/')).toBe('wrapper over default');
  });

  test('closing closes the default transport and then those mounted, by priority, each once', async () => {
    const log: string[] = [];
    const shared = new Named('shared', log);
    const client = open(
      { 'all://': shared, 'all://a.test': new Named('a', log), 'all://b.test:81': shared, 'all://c.test': null },
      new Named('default', log),
    );
    await kind.close(client);
    await kind.close(client);
    expect(log).toEqual(['default', 'shared', 'a']);
  });

  test('a transport that cannot be closed keeps no other open, and is told of', async () => {
    const log: string[] = [];
    const client = open({ 'all://a.test': new Named('a', log) }, new Stuck('default', log));
    await expect(errorOf(async () => kind.close(client))).resolves.toMatchObject({ message: 'stuck' });
    expect(log).toEqual(['default', 'a']);

    const two = open({ 'all://a.test': new Stuck('a', log) }, new Stuck('default', log));
    const failure = (await errorOf(async () => kind.close(two))) as AggregateError;
    expect(failure).toBeInstanceOf(AggregateError);
    expect(failure.errors).toHaveLength(2);
  });

  test.each([
    ['http', TypeError, "Cannot mount at \"http\": expected 'scheme://host:port', as in 'http://'"],
    ['example.com', TypeError, "as in 'all://example.com'"],
    ['example.com:8080', TypeError, "as in 'all://example.com:8080'"],
    ['ht tp://x', TypeError, "expected 'scheme://host:port'"],
    ['http://a b', InvalidURL, 'expected a host'],
    ['http://*.', InvalidURL, 'expected a host'],
    ['http://x:65536', InvalidURL, 'a port of at most 65535'],
    ['http://x:y', TypeError, "expected 'scheme://host:port'"],
    ['http://me:hunter2@a b', InvalidURL, 'Cannot mount at "http://a b"'],
  ])('the pattern %s is refused', (pattern, type, words) => {
    const making = () => open({ [pattern]: new Named('x') });
    expect(making).toThrow(type);
    expect(making).toThrow(words);
  });

  test('what is no transport, or no record of them, is refused', () => {
    const making = (mounts: unknown) => () => open(mounts as NonNullable<Settings['mounts']>);
    expect(making({ 'all://': () => {} })).toThrow(/expected a transport to mount with .*got function/);
    expect(making([['all://', new Named('x')]])).toThrow('expected mounts to be a record of transports, got Array');
    expect(making(new Map())).toThrow('got Map');
    expect(making('all://')).toThrow('got string');
    expect(making(null)).not.toThrow();
    expect(making({})).not.toThrow();
  });
});

describe('a pattern', () => {
  const isFor = (pattern: string, url: string): boolean => matches(parsePattern(pattern), new URL(url).origin);

  test.each([
    ['http://h:80', 'http://h/', true],
    ['http://h:80', 'http://h:81/', false],
    ['all://h:80', 'http://h/', true],
    ['all://h:443', 'https://h/', true],
    ['all://h:443', 'http://h/', false],
    ['https://:443', 'https://anything/', true],
    ['http://:80', 'http://x:81/', false],
    ['ALL://EXAMPLE.org', 'https://example.ORG/', true],
    ['all://bücher.example', 'https://xn--bcher-kva.example/', true],
    ['all://*.bücher.example', 'https://www.xn--bcher-kva.example/', true],
    ['all://xn--bcher-kva.example', 'https://bücher.example/', true],
    ['all://[::1]', 'http://[0:0:0:0:0:0:0:1]:8080/', true],
    ['all://[::1]:8080', 'http://[::1]:8080/', true],
    ['all://[::1]:8080', 'http://[::1]/', false],
    ['all://127.0.0.1', 'http://127.0.0.1/', true],
    ['all://0x7f.1', 'http://127.0.0.1/', true],
    ['all://*.test', 'http://.test/', false],
    ['http:', 'http://x/', true],
    ['http:', 'https://x/', false],
    ['', 'https://x/', true],
  ])('%s, asked about %s: %s', (pattern, url, expected) => {
    expect(isFor(pattern, url)).toBe(expected);
  });

  test.each([
    ['ftp://h:21', 'ftp://h/', true],
    ['all://h:80', 'ws://h/', true],
    ['wss://', 'wss://h/', true],
    ['all://*example.org', 'custom://www.example.org/', true],
    ['all://h:80', 'custom://h/', false],
  ])('%s, asked about %s, of another scheme: %s', async (pattern, url, expected) => {
    for (const kind of clients) {
      const client = kind.open({ transport: new Named('default'), mounts: { [pattern]: new Named('mounted') } });
      expect((await client.get(url)).text).toBe(expected ? 'mounted' : 'default');
    }
  });

  test('goes before another by port, then by length of host, then of scheme', () => {
    const patterns = ['all://', 'http://', 'all://h', 'http://h', 'https://h', 'all://*.h', 'all://long', 'all://:1'];
    const sorted = [...patterns].sort((a, b) => byPriority(parsePattern(a), parsePattern(b)));
    const expected = ['all://:1', 'all://long', 'all://*.h', 'https://h', 'http://h', 'all://h', 'http://', 'all://'];
    expect(sorted).toEqual(expected);
  });
});
