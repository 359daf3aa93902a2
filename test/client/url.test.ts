import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { InvalidURL, UnsupportedProtocol } from '../../src/exceptions.js';
import { Origin, URL, type URLComponents, type URLTypes } from '../../src/url.js';
import { cpuMs } from '../support/cpu-time.js';

const ascii = (octets: Uint8Array) => String.fromCharCode(...octets);

function viewOf(url: URL) {
  const { scheme, userinfo, username, password, host, port, netloc, path, query, fragment } = url;
  return {
    scheme,
    userinfo,
    username,
    password,
    host,
    rawHost: ascii(url.rawHost),
    port,
    netloc,
    path,
    query,
    rawPath: ascii(url.rawPath),
    fragment,
  };
}

function errorOf(make: () => unknown): InvalidURL {
  try {
    make();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidURL);
    return error as InvalidURL;
  }
  throw new Error('expected an InvalidURL');
}

describe('a URL', () => {
  test('has all its parts, decoded and raw', () => {
    const url = new URL('HTTPS://us%20er:p%40ss@Example.ORG:8443/a%20b/c;d?x=1&y=%20#fr%20ag');
    expect(viewOf(url)).toEqual({
      scheme: 'https',
      userinfo: 'us%20er:p%40ss',
      username: 'us er',
      password: 'p@ss',
      host: 'example.org',
      rawHost: 'example.org',
      port: 8443,
      netloc: 'example.org:8443',
      path: '/a b/c;d',
      query: 'x=1&y=%20',
      rawPath: '/a%20b/c;d?x=1&y=%20',
      fragment: 'fr ag',
    });
    expect(ascii(url.rawScheme)).toBe('https');
    expect(url.params.multiItems()).toEqual([
      ['x', '1'],
      ['y', ' '],
    ]);
    expect([url.isAbsoluteUrl, url.isRelativeUrl]).toEqual([true, false]);
  });

  test.each([
    ['http://127.0.0.1:8080/items/1?page=2&q=a', 'http://127.0.0.1:8080/items/1?page=2&q=a'],
    ['https://www.example.com', 'https://www.example.com'],
    ['https://example.com:443/', 'https://example.com/'],
    ['HTTP://EXAMPLE.COM:80/', 'http://example.com/'],
    ['http://example.com:0080/', 'http://example.com/'],
    ['ws://h:80/chat', 'ws://h/chat'],
    ['https://example.com/path?', 'https://example.com/path?'],
    ['https://example.com/path#', 'https://example.com/path#'],
    ['https://example.com?q', 'https://example.com?q'],
    ['http://', 'http:'],
    ['https://@example.com/', 'https://example.com/'],
    ['https://:@example.com/', 'https://:@example.com/'],
    ['https://a@b@c/', 'https://a%40b@c/'],
    ['mailto:user@example.com', 'mailto:user@example.com'],
    ['https://host/:80/path', 'https://host/:80/path'],
    ['http://*example.com', 'http://*example.com'],
    ['all://', 'all:'],
    ['//host:80/path', '//host:80/path'],
    ['://example.com', '//example.com'],
    ['localhost:8080', 'localhost:8080'],
    ['', ''],
  ])('%s is written as %s', (text, href) => {
    const url = new URL(text);
    expect([url.href, String(url)]).toEqual([href, href]);
    expect(new URL(href).href).toBe(href);
  });

  test.each([
    ['http://h/a b', 'http://h/a%20b'],
    ['http://h/%7e%zz%', 'http://h/%7e%zz%'],
    ['http://h/é☃', 'http://h/%C3%A9%E2%98%83'],
    ['http://h/"<>`{}|^[]\\', 'http://h/%22%3C%3E%60%7B%7D|^[]\\'],
    ['http://h/?"<>`{}|^ \'', "http://h/?%22%3C%3E`{}|^%20'"],
    ['http://h/#"<>`{}|^ #?', 'http://h/#%22%3C%3E%60{}|^%20#?'],
    ['http://u/x@h/', 'http://u/x@h/'],
    ['http://[u]^|;=:p@h/', 'http://%5Bu%5D%5E%7C%3B%3D:p@h/'],
    ['http://h/\ud800', 'http://h/%EF%BF%BD'],
    ['http://a b{}/', 'http://a%20b{}/'],
  ])('%s is encoded as %s', (text, href) => {
    expect(new URL(text).href).toBe(href);
  });

  test.each([
    ['http://h/a/../b', 'http://h/b'],
    ['http://h/a/./b/../../..', 'http://h'],
    ['http://h/.hidden/..a/a..', 'http://h/.hidden/..a/a..'],
    ['http://h/%2e/a', 'http://h/%2e/a'],
    ['http://h/a?b/../c', 'http://h/a?b/../c'],
    ['custom:a/../b', 'custom:b'],
    ['../..', '../..'],
    ['/a/../b', '/a/../b'],
  ])('%s has its dot segments removed if it is absolute: %s', (text, href) => {
    expect(new URL(text).href).toBe(href);
  });

  test('a host is shown decoded and sent in ASCII', () => {
    const url = new URL('http://www.中国.icom.museum:80/');
    expect([url.host, ascii(url.rawHost), url.netloc, url.port]).toEqual([
      'www.中国.icom.museum',
      'www.xn--fiqs8s.icom.museum',
      'www.xn--fiqs8s.icom.museum',
      null,
    ]);
    expect(new URL('http://Königsgäßchen.de').href).toBe('http://xn--knigsgchen-b4a3dun.de');
    expect(new URL('http://xn--knigsgchen-b4a3dun.de').host).toBe('königsgäßchen.de');
    for (const host of ['xn--a.com', 'xn--0.com', 'xn--', `xn--${'9'.repeat(80)}`]) {
      expect(new URL(`http://${host}/`).host).toBe(host);
    }
  });

  test('an IPv6 address has brackets in text, and none as host', () => {
    const url = new URL('https://[::FFff:192.168.0.1]:5678/');
    expect([url.host, url.netloc, url.port]).toEqual(['::FFff:192.168.0.1', '[::FFff:192.168.0.1]:5678', 5678]);
    expect(new URL('https://[fe80::1%eth0]/').host).toBe('fe80::1%eth0');
    expect(new URL('https://[::1]:443/').href).toBe('https://[::1]/');
  });

  test('is relative without scheme or host', () => {
    for (const text of ['', '/', '#f', '?q', 'path', '//host', 'http:', 'a/b:c']) {
      expect(new URL(text).isRelativeUrl).toBe(true);
    }
    expect(new URL('#frag')).toMatchObject({ path: '/', fragment: 'frag' });
    expect(new URL('path?q')).toMatchObject({ path: 'path', query: 'q' });
  });

  test('is made from nothing, from a URL, and from the host’s URL', () => {
    expect(new URL().href).toBe('');
    const url = new URL('http://h/a#f');
    expect(new URL(url).href).toBe('http://h/a#f');
    expect(new URL(new globalThis.URL('http://H/a b')).href).toBe('http://h/a%20b');
    expect(() => new URL(5 as unknown as URLTypes)).toThrow('Cannot make URL: expected a string or a URL, got number');
    expect(() => new URL(null as unknown as URLTypes)).toThrow('got null');
    expect(() => new URL('a', 'http://h/' as unknown as URLComponents)).toThrow(/url\.join\(reference\)/);
    expect(() => new URL('a', new globalThis.URL('http://h/') as unknown as URLComponents)).toThrow(TypeError);
  });
});

describe('no URL is', () => {
  test.each([
    ['http://h/\0x', 9],
    ['\nhttp://h/', 0],
    ['http://h/?\x7f', 10],
    ['http://user:pa:ss/', 11],
    ['http://h:80a/', 8],
    ['http://u:p@h:65536/', 12],
    ['http://h:-1/', 8],
    ['http://h: 80/', 8],
    ['http://[::1/', 7],
    ['http://[::1]x/', 12],
  ])('%j, at position %i', (text, position) => {
    const error = errorOf(() => new URL(text));
    expect(error.position).toBe(position);
    expect(error.message).toContain(`position ${position}`);
  });

  test.each([
    'https://256.1.1.1/',
    'https://01.2.3.4/',
    'https://[]/',
    'https://[2001]/',
    'https://[::1%]/',
    'https://[127.0.0.1]/',
    'https://[1:2:3:4:5:6:7:8:9]/',
    'http://\u3002\u200d\u3002/',
    '////x',
    'http:////evil/x',
    ':://',
  ])('%s', (text) => {
    expect(() => new URL(text)).toThrow(InvalidURL);
  });

  test('a text over 65,536 code units', () => {
    const path = 'x'.repeat(65536 - 'http://h/'.length);
    expect(new URL(`http://h/${path}`).href).toHaveLength(65536);
    expect(() => new URL(`http://h/${path}x`)).toThrow('expected at most 65536 characters, got 65537');
    expect(() => new URL('http://h/', { fragment: 'x'.repeat(65537) })).toThrow("URL component 'fragment'");
  });

  test('anything whose message would repeat a password', () => {
    for (const text of ['http://user:s3cret/', 'http://user:s3cret@h:x/', 'http://user:s3cret@[::1/']) {
      expect(errorOf(() => new URL(text)).message).not.toContain('s3cret');
    }
  });
});

test('a host is lowered by UTS 46, not by JavaScript, which knows a final sigma', () => {
  const url = new URL('http://ΒΌΛΟΣ.example/');
  expect(url.host).toBe('βόλοσ.example');
  expect(url.origin.host).toBe('xn--nxasmq6b.example');
});

describe('components', () => {
  test.each<[URLComponents, string]>([
    [{}, 'https://u:p@h:8080/a?b=c#d'],
    [{ scheme: 'HTTP' }, 'http://u:p@h:8080/a?b=c#d'],
    [{ scheme: null }, '//u:p@h:8080/a?b=c#d'],
    [{ username: 'a:b/c@' }, 'https://a%3Ab%2Fc%40:p@h:8080/a?b=c#d'],
    [{ password: 'q:\n' }, 'https://u:q%3A%0A@h:8080/a?b=c#d'],
    [{ password: null }, 'https://u@h:8080/a?b=c#d'],
    [{ username: null }, 'https://:p@h:8080/a?b=c#d'],
    [{ username: null, password: null }, 'https://h:8080/a?b=c#d'],
    [{ userinfo: 'x:y' }, 'https://x:y@h:8080/a?b=c#d'],
    [{ host: 'Other.ORG' }, 'https://u:p@other.org:8080/a?b=c#d'],
    [{ host: '::1' }, 'https://u:p@[::1]:8080/a?b=c#d'],
    [{ host: '[::1]' }, 'https://u:p@[::1]:8080/a?b=c#d'],
    [{ port: 443 }, 'https://u:p@h/a?b=c#d'],
    [{ port: null }, 'https://u:p@h/a?b=c#d'],
    [{ port: 0 }, 'https://u:p@h:0/a?b=c#d'],
    [{ netloc: 'x:1' }, 'https://u:p@x:1/a?b=c#d'],
    [{ netloc: '[::1]:80' }, 'https://u:p@[::1]:80/a?b=c#d'],
    [{ path: '/x y' }, 'https://u:p@h:8080/x%20y?b=c#d'],
    [{ path: null }, 'https://u:p@h:8080?b=c#d'],
    [{ query: '' }, 'https://u:p@h:8080/a?#d'],
    [{ query: null }, 'https://u:p@h:8080/a#d'],
    [{ rawPath: '/x?y' }, 'https://u:p@h:8080/x?y#d'],
    [{ rawPath: new TextEncoder().encode('/x') }, 'https://u:p@h:8080/x#d'],
    [{ rawPath: null }, 'https://u:p@h:8080#d'],
    [{ fragment: 'é' }, 'https://u:p@h:8080/a?b=c#%C3%A9'],
    [{ fragment: null }, 'https://u:p@h:8080/a?b=c'],
    [{ params: { x: [1, 2] } }, 'https://u:p@h:8080/a?x=1&x=2#d'],
    [{ params: {} }, 'https://u:p@h:8080/a#d'],
    [{ params: null }, 'https://u:p@h:8080/a#d'],
    [{ host: undefined, port: undefined }, 'https://u:p@h:8080/a?b=c#d'],
  ])('%o replace those of the URL', (components, href) => {
    const url = new URL('https://u:p@h:8080/a?b=c#d');
    expect(url.copyWith(components).href).toBe(href);
    expect(new URL('https://u:p@h:8080/a?b=c#d', components).href).toBe(href);
    expect(url.href).toBe('https://u:p@h:8080/a?b=c#d');
  });

  test('replace those of a URL in the usual spelling, its origin and target too', () => {
    const url = new URL('http://example.org/a').copyWith({ host: 'other', path: '/b' });
    expect([url.href, url.origin.host, url.target]).toEqual(['http://other/b', 'other', '/b']);
  });

  test('of the wrong type or name are TypeErrors', () => {
    const with_ = (components: unknown) => () => new URL('http://h/', components as URLComponents);
    expect(with_({ pathh: '/' })).toThrow("unknown component 'pathh'");
    expect(with_({ scheme: 1 })).toThrow("expected 'scheme' to be a string, got number");
    expect(with_({ port: '80' })).toThrow("expected 'port' to be an integer, got string");
    expect(with_({ port: 80.5 })).toThrow(TypeError);
    expect(with_(5)).toThrow(TypeError);
    expect(with_(null)).toThrow(TypeError);
  });

  test('that would spill into another component are refused', () => {
    const with_ = (components: URLComponents) => () => new URL('http://h/', components);
    for (const components of [
      { scheme: 'a b' },
      { scheme: 'http://evil/' },
      { userinfo: 'u@evil' },
      { host: 'h:80' },
      { netloc: 'u@evil' },
      { path: 'rel' },
      { path: '/#' },
      { path: '/?' },
      { query: '#' },
      { query: 'a\r\nb' },
      { host: 'h\n' },
      { port: 65536 },
      { port: -1 },
    ]) {
      expect(with_(components)).toThrow(InvalidURL);
    }
    expect(errorOf(with_({ query: 'a\r\nb' })).position).toBe(1);
    for (const host of ['evil/', 'evil?', 'u@evil', 'evil#', 'evil\\']) {
      const url = new URL('http://h/', { host });
      expect(url.netloc, 'encoded, as httpx does').toBe(host.replace(/[/?@#]/, encodeURIComponent));
      expect(() => url.origin, 'and never sent').toThrow(InvalidURL);
    }
    expect(() => new URL('', { path: '//evil' })).toThrow(InvalidURL);
    expect(() => new URL('', { path: ':x' })).toThrow(InvalidURL);
  });

  test('are read by own properties only', () => {
    const polluted = Object.prototype as unknown as Record<string, unknown>;
    polluted.host = 'evil';
    try {
      expect(new URL('http://h/', {}).href).toBe('http://h/');
    } finally {
      delete polluted.host;
    }
  });
});

test('query parameters are copied with, the rest stays', () => {
  const url = new URL('https://h/p?a=1&a=2&b=%20#f');
  expect(url.copySetParam('a', 9).href).toBe('https://h/p?a=9&b=+#f');
  expect(url.copySetParam('c').href).toBe('https://h/p?a=1&a=2&b=+&c=#f');
  expect(url.copyAddParam('a', true).href).toBe('https://h/p?a=1&a=2&a=true&b=+#f');
  expect(url.copyRemoveParam('a').href).toBe('https://h/p?b=+#f');
  expect(url.copyRemoveParam('a').copyRemoveParam('b').href).toBe('https://h/p#f');
  expect(url.copyMergeParams({ a: 'x', c: null }).href).toBe('https://h/p?a=x&b=+&c=#f');
});

describe('joining (RFC 3986 §5.4, as urljoin has it)', () => {
  test.each([
    ['g:h', 'g:h'],
    ['g', 'http://a/b/c/g'],
    ['./g', 'http://a/b/c/g'],
    ['g/', 'http://a/b/c/g/'],
    ['/g', 'http://a/g'],
    ['//g', 'http://g'],
    ['?y', 'http://a/b/c/d;p?y'],
    ['g?y', 'http://a/b/c/g?y'],
    ['#s', 'http://a/b/c/d;p?q#s'],
    ['g#s', 'http://a/b/c/g#s'],
    ['g?y#s', 'http://a/b/c/g?y#s'],
    [';x', 'http://a/b/c/;x'],
    ['', 'http://a/b/c/d;p?q'],
    ['.', 'http://a/b/c/'],
    ['./', 'http://a/b/c/'],
    ['..', 'http://a/b/'],
    ['../g', 'http://a/b/g'],
    ['../..', 'http://a/'],
    ['../../g', 'http://a/g'],
    ['../../../../g', 'http://a/g'],
    ['/../g', 'http://a/g'],
    ['g.', 'http://a/b/c/g.'],
    ['..g', 'http://a/b/c/..g'],
    ['./g/.', 'http://a/b/c/g/'],
    ['g/../h', 'http://a/b/c/h'],
    ['g?y/../x', 'http://a/b/c/g?y/../x'],
    ['http:g', 'http://a/b/c/g'],
    ['https://x/y', 'https://x/y'],
    ['/a b', 'http://a/a%20b'],
  ])('%s leads to %s', (reference, href) => {
    expect(new URL('http://a/b/c/d;p?q').join(reference).href).toBe(href);
    expect(new URL('http://a/b/c/d;p?q#base').join(new URL(reference)).href).toBe(href);
  });

  test.each([
    ['https://example.com', 'x', 'https://example.com/x'],
    ['https://u:p@h:8080/a/b', 'c', 'https://u:p@h:8080/a/c'],
    ['http://[::1]:81/a', 'b', 'http://[::1]:81/b'],
    ['http://[::1]:81/a', '//[::2]/', 'http://[::2]/'],
    ['/path/to/somewhere', '../x', '/path/x'],
    ['custom://h/a/b', '?q', '?q'],
    ['custom://h/a/b', 'custom:c', 'custom:c'],
    ['http://h/a/b?q', '?', 'http://h/a/b?q'],
    ['http://h/a/b?q', 'c#', 'http://h/a/c'],
    ['http://h/a//b/', '../c', 'http://h/a/c'],
    ['http://h/a//b/', '/a//c', 'http://h/a//c'],
    ['', 'x', 'x'],
    ['https://h/?x', '//h:443/', 'https://h/'],
  ])('%s with %s leads to %s', (base, reference, href) => {
    expect(new URL(base).join(reference).href).toBe(href);
  });

  test('what was joined has an origin and a target', () => {
    const url = new URL('http://h/a?b').join('//Other:81/x#f');
    expect([url.origin.key, url.target]).toEqual(['http://other:81', '/x']);
  });
});

describe('equality and showing', () => {
  test('goes by what is written', () => {
    const url = new URL('http://EXAMPLE.com:80/a b');
    expect(url.equals('http://example.com/a%20b')).toBe(true);
    expect(url.equals(new URL('http://example.com/a%20b'))).toBe(true);
    expect(url.equals(new globalThis.URL('http://example.com/a%20b'))).toBe(true);
    expect(new URL('http://example.com').equals('http://example.com/')).toBe(false);
    expect(url.equals('http://h:abc/')).toBe(false);
    expect(url.equals(5)).toBe(false);
    expect(new URL('').equals(undefined)).toBe(false);
  });

  test('text shows the password, inspection and JSON do not', () => {
    const url = new URL('https://user:s3cret@h/a?b#c');
    expect([`${url}`, url.href]).toEqual(['https://user:s3cret@h/a?b#c', 'https://user:s3cret@h/a?b#c']);
    expect(inspect(url)).toBe("URL('https://user:[secure]@h/a?b#c')");
    expect(JSON.stringify({ url })).toBe('{"url":"https://user:[secure]@h/a?b#c"}');
    expect(inspect(new URL('https://user@h/'))).toBe("URL('https://user@h/')");
    expect(inspect(new URL('http://h/a'))).toBe("URL('http://h/a')");
  });

  test('toWeb makes the host’s URL of an absolute one', () => {
    expect(new URL('http://h/a').toWeb()).toEqual(new globalThis.URL('http://h/a'));
    expect(() => new URL('/a').toWeb()).toThrow(InvalidURL);
  });
});

describe('where a request goes', () => {
  test.each([
    ['http://h', 'http', 'h', 80, 'h', '/'],
    ['https://h/', 'https', 'h', 443, 'h', '/'],
    ['https://h:8443/a/b?c#d', 'https', 'h', 8443, 'h:8443', '/a/b?c'],
    ['http://h:443?x', 'http', 'h', 443, 'h:443', '/?x'],
    ['HTTP://U:P@Example.ORG:80/%7e', 'http', 'example.org', 80, 'example.org', '/%7e'],
    ['http://[::1]/', 'http', '::1', 80, '[::1]', '/'],
    ['http://[0:0::1]:81/', 'http', '::1', 81, '[::1]:81', '/'],
    ['http://127.1/', 'http', '127.0.0.1', 80, '127.0.0.1', '/'],
    ['http://0x7f000001/', 'http', '127.0.0.1', 80, '127.0.0.1', '/'],
    ['http://faß.de/', 'http', 'xn--fa-hia.de', 80, 'xn--fa-hia.de', '/'],
    ['http://h/.well-known/x?a/../b', 'http', 'h', 80, 'h', '/.well-known/x?a/../b'],
    ['http://h/a/./b', 'http', 'h', 80, 'h', '/a/b'],
    ['http://h//x', 'http', 'h', 80, 'h', '//x'],
    ['http://h/a b#c', 'http', 'h', 80, 'h', '/a%20b'],
  ])('%s: %s, %s, %i, Host %s, target %s', (text, scheme, host, port, hostField, target) => {
    const url = new URL(text);
    expect(url.origin).toMatchObject({ scheme, host, port, hostField, secure: scheme === 'https' });
    expect(url.target).toBe(target);
    expect(`${url.origin}`).toBe(`${scheme}://${hostField}`);
  });

  test('origins are one object each, however they are spelled', () => {
    const origin = new URL('https://example.org/a').origin;
    expect(new URL('https://example.org/b?c').origin).toBe(origin);
    expect(new URL('HTTPS://u:p@EXAMPLE.org:443/').origin).toBe(origin);
    expect(new URL('https://example.org:444/').origin).not.toBe(origin);
    expect(origin.equals(new URL('http://example.org/').origin)).toBe(false);
    expect(origin).toBeInstanceOf(Origin);
  });

  test('origins that were forgotten are made again, and equal', () => {
    const origin = new URL('http://first.example/').origin;
    for (let i = 0; i < 5000; i++) new URL(`http://h${i}.example/`).origin;
    const again = new URL('http://first.example/').origin;
    expect(again.equals(origin)).toBe(true);
    expect(again.key).toBe(origin.key);
  });

  test('only http and https can be sent', () => {
    const originOf = (text: string) => () => new URL(text).origin;
    expect(originOf('/a')).toThrow("Request URL is missing an 'http://' or 'https://' protocol.");
    expect(originOf('example.org/a')).toThrow(UnsupportedProtocol);
    expect(originOf('ftp://h/')).toThrow("Request URL has an unsupported protocol 'ftp://'.");
    expect(originOf('mailto:a@b')).toThrow("Request URL has an unsupported protocol 'mailto://'.");
  });

  test.each([
    'http://',
    'http:///path',
    'http:path',
    'http://u:p@/',
    'http://a b/',
    'http://a<b/',
    'http://a%b/',
    'http://localhost%00.example.com/',
    'http://[fe80::1%eth0]/',
    'http://evil.com\\@good.com/',
    'http://good.com\\.evil.com/',
    'http://1.2.3.4.5/',
  ])('a host that WHATWG refuses or reads differently cannot be sent: %s', (text) => {
    expect(errorOf(() => new URL(text).origin).message).toContain('Cannot send a request');
  });

  test('a missing host is named as such', () => {
    expect(errorOf(() => new URL('http:///path').origin).message).toBe('Cannot send a request: its URL has no host');
  });

  test('the message does not repeat the credentials', () => {
    expect(errorOf(() => new URL('http://u:s3cret@a b/').origin).message).not.toContain('s3cret');
  });

  test('no URL makes a target with octets that end or split a request line', () => {
    for (let unit = 0; unit <= 0x17f; unit++) {
      for (const form of ['/a_b', '/a?_', '/a#_', '?_']) {
        let url: URL;
        try {
          url = new URL(`http://h${form.replace('_', () => String.fromCharCode(unit))}`);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidURL);
          expect(unit < 0x20 || unit === 0x7f).toBe(true);
          continue;
        }
        expect(url.target).toMatch(/^\/[!-~]*$/);
        expect(url.target).not.toContain('#');
      }
    }
  });

  test('the usual spelling and the parser agree', () => {
    for (let unit = 0x21; unit < 0x7f; unit++) {
      const text = `http://example.org/a${String.fromCharCode(unit)}b/c?d${String.fromCharCode(unit)}e`;
      const usual = new URL(text);
      const parsed = new URL(text, {});
      expect([usual.href, usual.target, usual.origin.key]).toEqual([parsed.href, parsed.target, parsed.origin.key]);
      expect(viewOf(usual)).toEqual(viewOf(parsed));
    }
  });
});

test('50,000 code units of anything are parsed in linear time', () => {
  const started = cpuMs();
  for (const run of ['/', '.', '/.', '/..', '%', '%41', '?', '#', '@', ':', 'a', 'é', '[', 'xn--', '0.']) {
    const long = run.repeat(50_000 / run.length);
    for (const text of [long, `http://${long}`, `http://h/${long}`, `http://h/${long}\u0100`, `http://h/?${long} `]) {
      try {
        const url = new URL(text);
        new URL('http://h/a').join(url);
        void [url.host, url.path, url.origin];
      } catch (error) {
        expect([InvalidURL, UnsupportedProtocol].some((known) => error instanceof known)).toBe(true);
      }
    }
  }
  expect(cpuMs() - started).toBeLessThan(3000);
});

test('a rawPath of many octets is an InvalidURL, not a full stack', () => {
  expect(() => new URL('http://x/', { rawPath: new Uint8Array(300_000).fill(0x61) })).toThrow(InvalidURL);
});
