/** Netrc files: where they are looked for, who gets what, and what errors show. Their grammar: conformance/httpx-netrc. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import * as httpx from '../../src/index.js';
import { errorOf } from '../support/client.js';
import { clients } from '../support/clients.js';
import { FakeHost } from '../support/fake-host.js';

type Made = new (file: string | null | undefined, host: FakeHost) => httpx.NetRCAuth;
const NetRCAuth = httpx.NetRCAuth as Made;

function hostWith(files: Readonly<Record<string, string>>, variables: Readonly<Record<string, string>> = {}): FakeHost {
  const host = new FakeHost();
  for (const [path, text] of Object.entries(files)) host.files.set(path, new TextEncoder().encode(text));
  for (const [name, value] of Object.entries(variables)) host.variables.set(name, value);
  return host;
}

async function authorizationsOf(
  kind: (typeof clients)[number],
  auth: httpx.Auth,
  url: string,
  locations: readonly string[] = [],
): Promise<(string | null)[]> {
  const seen: (string | null)[] = [];
  const transport = new httpx.MockTransport((request) => {
    const location = locations[seen.length];
    seen.push(request.headers.get('authorization'));
    return location === undefined ? new httpx.Response(200) : new httpx.Response(302, { headers: { location } });
  });
  await kind.open({ transport, auth, followRedirects: true }).get(url);
  return seen;
}

describe.each(clients)('netrc: $name', (kind) => {
  test.each([
    ['HOME', { HOME: '/home/a', USERPROFILE: '/home/b' }],
    ['USERPROFILE, where there is no HOME', { USERPROFILE: '/home/a' }],
  ])('the file is .netrc in %s unless one is named', async (_name, variables) => {
    const host = hostWith({ '/home/a/.netrc': 'machine a.org login u password p' }, variables);
    expect(await authorizationsOf(kind, new NetRCAuth(undefined, host), 'http://a.org/')).toEqual([
      `Basic ${btoa('u:p')}`,
    ]);
    expect(await authorizationsOf(kind, new NetRCAuth(null, host), 'http://b.org/')).toEqual([null]);
  });

  test('credentials stay on the host they are for (SECURITY 6.2)', async () => {
    const host = hostWith({ f: 'machine a.org login u password p\nmachine b.org login v password q' });
    const seen = await authorizationsOf(kind, new NetRCAuth('f', host), 'http://a.org/', ['/x', 'http://b.org/']);
    expect(seen).toEqual([`Basic ${btoa('u:p')}`, `Basic ${btoa('u:p')}`, null]);
  });

  test('the names of prototypes are hosts like any other', async () => {
    const host = hostWith({ f: 'machine __proto__ login u password p' });
    expect(await authorizationsOf(kind, new NetRCAuth('f', host), 'http://constructor/')).toEqual([null]);
    expect(await authorizationsOf(kind, new NetRCAuth('f', host), 'http://__proto__/')).toEqual([
      `Basic ${btoa('u:p')}`,
    ]);
  });
});

test.each([
  ['machine a.org login u password my hunter2', 'line 1: expected login, user, account or password'],
  ['machine a.org login u\npassword x\nhunter2', 'line 3: expected login, user, account or password'],
  ['hunter2', 'line 1: expected machine, default or macdef'],
  ['machine', 'line 1: expected the name of a machine'],
  ['macdef\n', 'line 2: expected the name of a macro'],
  ['macdef m\nhunter2', 'line 2: expected an empty line after the macro'],
])('an error names the line and shows nothing of it: %j', (text, message) => {
  let told = '';
  try {
    new NetRCAuth('f', hostWith({ f: text }));
  } catch (error) {
    expect(error).toBeInstanceOf(SyntaxError);
    told = (error as Error).message;
  }
  expect(told).toBe(`Cannot read the netrc file, ${message}`);
});

test('a macro is skipped up to its empty line', () => {
  const host = hostWith({ f: 'macdef m\nmachine b.org login v\n\nmachine a.org login u password p' });
  expect(() => new NetRCAuth('f', host)).not.toThrow();
});

test('no home, no file, no path: said plainly', async () => {
  const missing = await errorOf(() => new NetRCAuth(undefined, new FakeHost()));
  expect(String(missing)).toBe('Error: Cannot find the netrc file: neither HOME nor USERPROFILE is set');
  const notThere = (await errorOf(() => new httpx.NetRCAuth('/nonexistent/netrc'))) as NodeJS.ErrnoException;
  expect(notThere.code).toBe('ENOENT');
  expect((notThere.cause as NodeJS.ErrnoException).code).toBe('ENOENT');
  expect(notThere.message).toMatch(
    /^Cannot make NetRCAuth: the netrc file cannot be read from \/nonexistent\/netrc: ENOENT/,
  );
  expect(() => new httpx.NetRCAuth(5 as unknown as string)).toThrow('expected file to be a path, got number');
});

test('what is inspected shows no password', () => {
  const auth = new NetRCAuth('f', hostWith({ f: 'machine a.org login u password hunter2' }));
  expect(inspect(auth, { depth: 9, showHidden: true })).not.toContain('hunter2');
});
