import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type Cookie, type CookieJar, Cookies, type CookieTypes } from '../../src/cookies.js';
import { CookieConflict } from '../../src/exceptions.js';
import { runAsync, runSync } from '../../src/flow.js';
import { Headers } from '../../src/headers.js';
import type { PublicSuffixes } from '../../src/hosts/host.js';
import type { MaybePromise } from '../../src/hosts/socket.js';
import { URL } from '../../src/url.js';
import { FakeHost } from '../support/fake-host.js';
import { ToughJar } from '../support/tough-jar.js';

const DAY = 86_400_000;

function opened(init: CookieTypes = null): {
  cookies: Cookies;
  host: FakeHost;
  receive: (url: string, ...fields: string[]) => void;
  sent: (url: string) => string;
} {
  const host = new FakeHost();
  const cookies = new Cookies(init, host);
  const receive = (url: string, ...fields: string[]): void => {
    const headers = new Headers(fields.map((field) => ['Set-Cookie', field] as const));
    runSync(cookies.receive(new URL(url), headers, host), null);
  };
  const sent = (url: string): string => cookies.headerFor(new URL(url)) as string;
  return { cookies, host, receive, sent };
}

describe('cookies of code', () => {
  test('are made from names, pairs, cookies and other jars', () => {
    const shown = (init: CookieTypes) => [...new Cookies(init)];
    const pairs = [
      ['a', '1'],
      ['b', '2'],
    ] as const;
    expect(shown({ a: '1', b: '2' })).toEqual(pairs);
    expect(shown(pairs)).toEqual(pairs);
    expect(shown(new Map(pairs))).toEqual(pairs);
    expect(shown(new Cookies({ a: '1', b: '2' }))).toEqual(pairs);
    expect(shown(null)).toEqual([]);
  });

  test('are copied, but a jar is used as it is', () => {
    const first = new Cookies({ a: '1' });
    const copy = new Cookies(first);
    copy.set('b', '2');
    expect(first.size).toBe(1);
    const same = new Cookies(first.jar);
    same.set('b', '2');
    expect(first.get('b')).toBe('2');
  });

  test.each([
    [5, TypeError],
    [['a'], TypeError],
    [[['a']], TypeError],
    [{ a: 1 }, TypeError],
    [{ 'a\r\nB: c': 'v' }, RangeError],
    [{ a: 'v; b=w' }, RangeError],
    [{ 'a=b': 'v' }, RangeError],
    [[{ name: 'a', value: 'v\n' }], RangeError],
    [[{ name: 'a', value: 'v', expires: 'soon' }], TypeError],
  ])('%j is refused', (init, error) => {
    expect(() => new Cookies(init as never)).toThrow(error);
  });

  test('of one name for two domains are told apart', () => {
    const { cookies } = opened();
    cookies.set('a', '1', { domain: 'one.example' });
    cookies.set('a', '2', { domain: '.Two.example', path: '/x' });
    expect(() => cookies.get('a')).toThrow(CookieConflict);
    expect(() => cookies.get('a')).toThrow('one.example/, .two.example/x');
    expect(cookies.get('a', { domain: 'two.example' })).toBe('2');
    expect(cookies.get('a', { path: '/' })).toBe('1');
    expect(cookies.get('a', { domain: 'three.example' })).toBeNull();
    cookies.delete('a', { domain: 'one.example' });
    expect(cookies.get('a')).toBe('2');
    expect(() => cookies.clear({ path: '/x' })).toThrow(TypeError);
    cookies.clear({ domain: 'two.example', path: '/y' });
    expect(cookies.size).toBe(1);
    cookies.clear({ domain: 'two.example', path: '/x' });
    expect(cookies.size).toBe(0);
  });

  test('names are no properties: __proto__ is a name like any other', () => {
    const { cookies, receive, sent } = opened();
    receive('https://a.example/', '__proto__=1', 'constructor=2');
    expect(sent('https://a.example/')).toBe('__proto__=1; constructor=2');
    expect(cookies.get('__proto__')).toBe('1');
    expect(cookies.get('toString')).toBeNull();
  });

  test('never show their values when inspected', () => {
    const { cookies } = opened({ session: 'hunter2' });
    expect(inspect(cookies)).toBe('<Cookies[session for every host/]>');
    expect(`${cookies}`).not.toContain('hunter2');
  });
});

describe('cookies of servers', () => {
  test('go back to the octet, and are read as text', () => {
    const { cookies, receive, sent } = opened();
    receive('https://a.example/', 'u=\xc3\xa9', 'l=\xe9');
    expect([...cookies]).toEqual([
      ['u', 'é'],
      ['l', 'é'],
    ]);
    expect(sent('https://a.example/')).toBe('u=\xc3\xa9; l=\xe9');
    cookies.set('t', '☃');
    expect(sent('https://a.example/')).toContain('t=\xe2\x98\x83');
  });

  test('expire by the clock, and no later than 400 days from now', async () => {
    const { cookies, host, receive } = opened();
    receive(
      'https://a.example/',
      'a=1; Max-Age=60',
      'b=2; Expires=Fri, 31 Dec 2100 23:59:59 GMT',
      'c=3; Max-Age=99999999999',
    );
    expect([...(cookies.jar as Iterable<Cookie>)].map(({ expires }) => Number(expires) - host.wallClock())).toEqual([
      60_000,
      400 * DAY,
      400 * DAY,
    ]);
    host.passBlocked(60_000);
    expect([...cookies.keys()]).toEqual(['b', 'c']);
    host.passBlocked(400 * DAY);
    expect(cookies.size).toBe(0);
    expect(cookies.headerFor(new URL('https://a.example/'))).toBe('');
  });

  test('keep SameSite, Secure and HttpOnly, and only what these words say', () => {
    const { cookies, receive } = opened();
    receive('https://a.example/', 'a=1; SameSite=STRICT; Secure; HttpOnly', 'b=2; SameSite=not-strict; SecureX');
    expect([...(cookies.jar as Iterable<Cookie>)]).toEqual([
      expect.objectContaining({
        sameSite: 'strict',
        secure: true,
        httpOnly: true,
        hostOnly: true,
        domain: 'a.example',
      }),
      expect.objectContaining({ sameSite: null, secure: false, httpOnly: false }),
    ]);
  });

  test('ask for the public suffixes only where a domain is named', () => {
    const { cookies, host } = opened();
    let asked = 0;
    const counting = Object.assign(Object.create(host) as FakeHost, {
      publicSuffixes(): MaybePromise<PublicSuffixes> {
        asked++;
        return host.publicSuffixes();
      },
    });
    const receive = (field: string) =>
      runSync(cookies.receive(new URL('https://a.example/'), new Headers([['Set-Cookie', field]]), counting), null);
    receive('a=1');
    receive('a=1; Domain=');
    expect(asked).toBe(0);
    receive('a=1; Domain=a.example');
    expect(asked).toBe(1);
  });

  test('wait for a list that comes later', async () => {
    const { cookies, host } = opened();
    const later = Object.assign(Object.create(host) as FakeHost, {
      publicSuffixes: async () => ({ isPublicSuffix: (domain: string) => domain === 'example' }),
    });
    const headers = new Headers([
      ['Set-Cookie', 'a=1; Domain=example'],
      ['Set-Cookie', 'b=2; Domain=a.example'],
    ]);
    await runAsync(cookies.receive(new URL('https://a.example/'), headers, later));
    expect([...cookies.keys()]).toEqual(['b']);
  });

  test.each([
    ['https://a.github.io/', 'c=1; Domain=github.io', []],
    ['https://github.io/', 'c=1; Domain=github.io', ['https://github.io/']],
    ['https://a.co.uk/', 'c=1; Domain=co.uk', []],
    ['https://a.example.com/', 'c=1; Domain=.', ['https://a.example.com/']],
    ['https://a.example.com/', 'c=1; Domain=ample.com', []],
    ['http://10.0.0.1/', 'c=1; Domain=0.0.1', []],
    ['http://10.0.0.1/', 'c=1; Domain=10.0.0.1', ['http://10.0.0.1/']],
    ['http://[::1]:80/', 'c=1', ['http://[::1]:81/']],
  ])('of %s with %s go to %j', (url, field, to) => {
    const { receive, sent } = opened();
    receive(url, field);
    const asked = [
      'https://a.github.io/',
      'https://b.github.io/',
      'https://github.io/',
      'https://a.co.uk/',
      'https://b.co.uk/',
    ];
    const others = [
      'https://a.example.com/',
      'https://b.a.example.com/',
      'https://ample.com/',
      'http://10.0.0.1/',
      'http://[::1]:81/',
    ];
    expect([...asked, ...others].filter((each) => sent(each) !== '')).toEqual(to);
  });

  test('set without TLS cannot take the place of what was set with it', () => {
    const { receive, sent } = opened();
    receive('https://a.example.com/', 's=secret; Secure; Path=/; Domain=example.com');
    receive('http://a.example.com/', 's=forged; Path=/', 's=forged; Path=/x; Domain=example.com', 's=forged; Secure');
    expect(sent('https://a.example.com/x')).toBe('s=secret');
    expect(sent('http://a.example.com/x')).toBe('');
  });

  test.each([
    ['__Host-a=1; Secure; Path=/', true],
    ['__HOST-a=1; Secure; Path=/', true],
    ['__Host-a=1; Secure', false],
    ['__Host-a=1; Path=/', false],
    ['__Host-a=1; Secure; Path=/; Domain=a.example.com', false],
    ['__Secure-a=1; Secure', true],
    ['__seCure-a=1', false],
    ['=__Secure-a=1; Secure', false],
    ['__Hosta=1', true],
  ])('%s: kept is %s', (field, kept) => {
    const { cookies, receive } = opened();
    receive('https://a.example.com/', field);
    expect(cookies.size).toBe(kept ? 1 : 0);
  });
});

describe('limits', () => {
  test('4096 octets of name and value; attributes of more than 1024 are as if not there', () => {
    const { cookies, receive } = opened();
    receive('https://a.example/', `a=${'x'.repeat(4095)}`, `b=${'x'.repeat(4096)}`, `c=1; Path=/${'x'.repeat(1024)}`);
    expect([...cookies.keys()]).toEqual(['a', 'c']);
    expect(cookies.get('c', { path: '/' })).toBe('1');
  });

  test('180 cookies for a domain: those without Secure go first, then the longest unused', () => {
    const { cookies, receive, sent } = opened();
    receive('https://a.example/', 'safe=1; Secure; Path=/safe', 'first=1; Path=/used', 'second=1; Path=/unused');
    for (let i = 0; i < 177; i++) receive('https://a.example/', `c${i}=1; Path=/other`);
    expect(cookies.size).toBe(180);
    expect(sent('https://a.example/used')).toBe('first=1');
    receive('https://a.example/', 'one=more; Path=/other');
    expect(cookies.size).toBe(180);
    expect([cookies.has('first'), cookies.has('second'), cookies.has('safe')]).toEqual([true, false, true]);
  });

  test('3000 cookies in all: the longest unused goes', () => {
    const { cookies, receive } = opened();
    for (let i = 0; i < 3000; i++) receive(`https://h${i}.example/`, 'a=1');
    expect(cookies.size).toBe(3000);
    receive('https://last.example/', 'a=1');
    expect(cookies.size).toBe(3000);
    expect(cookies.get('a', { domain: 'h0.example' })).toBeNull();
    expect(cookies.get('a', { domain: 'last.example' })).toBe('1');
  });

  test('8190 octets of one Cookie field', () => {
    const { receive, sent } = opened();
    for (let i = 0; i < 10; i++) receive('https://a.example/', `c${i}=${'x'.repeat(1000)}`);
    expect(sent('https://a.example/').length).toBeLessThanOrEqual(8190);
    expect(sent('https://a.example/').split('; ')).toHaveLength(8);
  });

  test('a long field is read in a time that grows with its length', () => {
    const { cookies, receive } = opened();
    receive('https://a.example/', `a=1;${' ;'.repeat(30_000)}${' '.repeat(60_000)}=${'\t'.repeat(60_000)}`);
    expect(cookies.size).toBe(1);
  }, 2000);
});

test('what a jar says of itself makes the same jar', () => {
  const { cookies, host, receive } = opened({ code: '1' });
  receive(
    'https://a.example.com/x/y',
    'h=1; HttpOnly; SameSite=Lax',
    'd=2; Domain=example.com; Path=/; Secure; Max-Age=9',
  );
  const again = new Cookies(JSON.parse(JSON.stringify(cookies.jar)) as CookieTypes, host);
  expect([...(again.jar as Iterable<Cookie>)]).toEqual([...(cookies.jar as Iterable<Cookie>)]);
  const header = (of: Cookies, url: string) => of.headerFor(new URL(url));
  expect(header(again, 'https://a.example.com/x/')).toBe('h=1; code=1; d=2');
  expect(header(again, 'https://b.a.example.com/x/'), 'host-only stays host-only').toBe('code=1; d=2');
});

describe('octets that are no UTF-8', () => {
  const made = (): ReturnType<typeof opened> => {
    const jar = opened();
    jar.receive('https://a.example/', 'a=\xe4\xff', 'b=\xc3\xa4', '\xe9=1');
    return jar;
  };

  test('come back from JSON as they are, as text does', () => {
    const { cookies, host, sent } = made();
    const again = new Cookies(JSON.parse(JSON.stringify(cookies.jar)) as CookieTypes, host);
    expect(again.headerFor(new URL('https://a.example/'))).toBe('a=\xe4\xff; b=\xc3\xa4; \xe9=1');
    expect(sent('https://a.example/')).toBe('a=\xe4\xff; b=\xc3\xa4; \xe9=1');
    expect([...(again.jar as Iterable<Cookie>)]).toEqual([...(cookies.jar as Iterable<Cookie>)]);
  });

  test('are shown as ISO-8859-1, and it is said', () => {
    const shown = [...(made().cookies.jar as Iterable<Cookie>)].map(({ name, value, encoding }) => [
      name,
      value,
      encoding,
    ]);
    expect(shown).toEqual([
      ['a', 'äÿ', 'iso-8859-1'],
      ['b', 'ä', undefined],
      ['é', '1', 'iso-8859-1'],
    ]);
  });

  test.each([
    ['a code unit that is no octet', { value: 'Ā', encoding: 'iso-8859-1' }],
    ['another encoding', { value: 'x', encoding: 'utf-16' }],
  ])('that are given with %s are refused', (_what, part) => {
    const given = [{ name: 'a', domain: 'a.example', path: '/', ...part }] as unknown as CookieTypes;
    expect(() => new Cookies(given)).toThrow(/^Cannot set a cookie: expected encoding to be that of its octets/);
  });

  test('an encoding that says nothing new is forgotten', () => {
    const given = [{ name: 'a', value: 'x', domain: 'a.example', path: '/', encoding: 'iso-8859-1' }] as never;
    expect([...(new Cookies(given).jar as Iterable<Cookie>)][0]).not.toHaveProperty('encoding');
  });
});

describe('a tough-cookie jar', () => {
  test('is used as it is', () => {
    const native = new ToughJar(true);
    const { cookies, receive, sent } = opened(native);
    receive('https://a.example/', 'a=\xc3\xa9');
    expect(native.kept.get('a')?.value).toBe('é');
    expect(sent('https://a.example/')).toBe('a=\xc3\xa9');
    cookies.set('b', '2', { domain: 'a.example' });
    expect([...cookies]).toEqual([
      ['a', 'é'],
      ['b', '2'],
    ]);
    expect([...new Cookies(native).keys()]).toEqual(['a', 'b']);
    expect(cookies.jar).toBe(native);
    cookies.delete('a');
    expect(cookies.get('a')).toBeNull();
    expect(() => cookies.set('c', '3')).toThrow(RangeError);
    const copied = new Cookies(null, new FakeHost());
    copied.update(native);
    expect((copied.jar as Iterable<Cookie>)[Symbol.iterator]().next().value).toMatchObject({
      expires: 1_769_904_000_000,
    });
  });

  test('whose store answers later is waited for, and not looked into', async () => {
    const native = new ToughJar(false);
    const { cookies, host } = opened(native);
    const url = new URL('https://a.example/');
    await runAsync(
      cookies.receive(
        url,
        new Headers([
          ['Set-Cookie', 'a=1'],
          ['Set-Cookie', 'b=2'],
        ]),
        host,
      ),
    );
    expect(await cookies.headerFor(url)).toBe('a=1; b=2');
    expect(() => cookies.get('a')).toThrow(TypeError);
  });
});

describe('cookies that are not UTF-8', () => {
  test('keep their octets from jar to jar', () => {
    const { cookies, receive } = opened();
    receive('http://a.example/', 'a=\xe9', 'b\xe9=1=2', '=\xff');
    const field = 'a=\xe9; b\xe9=1=2; \xff';
    expect(opened(cookies).sent('http://a.example/')).toBe(field);
    const copied = opened({ z: '1' });
    copied.cookies.update(cookies.jar as CookieJar);
    expect(copied.sent('http://a.example/')).toBe(`z=1; ${field}`);
  });
});

test('cookies of code for every host have no limit but that of the jar', () => {
  const { cookies } = opened();
  for (let i = 0; i < 500; i++) cookies.set(`n${i}`, 'v');
  expect(cookies.size).toBe(500);
});

test.each([null, undefined])('a cookie whose value is %s is refused', (value) => {
  const init = { session: value } as unknown as CookieTypes;
  expect(() => new Cookies(init)).toThrow(TypeError);
  expect(() => new Cookies(init)).toThrow('expected its value to be a string');
});

test.each([
  ['expires', Number.NaN],
  ['expires', Number.POSITIVE_INFINITY],
  ['sameSite', 'bogus'],
  ['sameSite', 5],
])('a saved cookie whose %s is %s is refused', (field, value) => {
  const saved = [{ name: 'a', value: 'b', [field]: value }] as unknown as CookieTypes;
  expect(() => new Cookies(saved)).toThrow(TypeError);
  expect(() => new Cookies(saved)).toThrow(`expected ${field} to be`);
});
