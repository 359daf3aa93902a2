/**
 * SECURITY 6.12 and 6.4: however a URL spells its host, one host is meant by it, and it alone goes to DNS, Host, SNI, the
 * certificate's check and cookies; what can be read in two ways is refused before anything is looked up.
 */
import { describe, expect, test } from 'vitest';
import { type CookieJar, InvalidURL, URL } from '../../src/index.js';
import { certificates } from '../support/certificates.js';
import { failureOf } from '../support/client.js';
import { clients } from '../support/clients.js';
import { always } from '../support/dialogue.js';
import { answer, fieldOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const made = await certificates();
const settings = { verify: { ca: made.root.cert } };

/** As it is spelled, and the host that is meant. */
const spellings: readonly (readonly [string, string])[] = [
  ['a.test.invalid', 'a.test.invalid'],
  ['A.TEST.Invalid', 'a.test.invalid'],
  ['ａ.test.invalid', 'a.test.invalid'],
  ['a。test.invalid', 'a.test.invalid'],
  ['bücher.test.invalid', 'xn--bcher-kva.test.invalid'],
  ['XN--BCHER-KVA.test.invalid', 'xn--bcher-kva.test.invalid'],
  ['user:pass@a.test.invalid', 'a.test.invalid'],
  ['a.test.invalid.', 'a.test.invalid.'],
];

describe.each(clients)('$name', (kind) => {
  test.each(spellings)('%s is one host everywhere', async (spelled, host) => {
    const set = answer('ok', 'Set-Cookie: seen=1\r\n');
    const server = await serve(always(set), { tls: made.server, repeatLast: true });
    const asked: string[] = [];
    const client = kind.open({ ...settings, resolve: (name) => (asked.push(name) > 0 ? '127.0.0.1' : []) });
    await client.get(`https://${spelled}:${server.port}/`);
    await client.get(`https://${host}:${server.port}/`);
    expect(asked).toEqual([host]);
    expect(server.accepted).toBe(1);
    expect(server.heads.map((head) => fieldOf(head, 'host'))).toEqual(Array(2).fill(`${host}:${server.port}`));
    expect(server.peer(0).tls?.servername).toBe(host.replace(/\.$/, ''));
    expect(fieldOf(server.heads[1] ?? '', 'cookie')).toBe('seen=1');
    const jar = client.cookies.jar as CookieJar;
    expect([...jar].map(({ domain }) => domain)).toEqual([host]);
  });

  test.each([
    'https://a.test.invalid\\@other.invalid/',
    'https://other.invalid%2f@a.test.invalid%00/',
    'https://a.test.invalid%00.other.invalid/',
    'https://a.test.invalid\u0000/',
    'https://a.test.invalid /',
    'https://a.test.invalid:443:80/',
    'https://a%2Etest.invalid@@other.invalid/',
    'https:///a.test.invalid/',
    'https://[::1/',
    'https://0177.0.0.1/',
    'https://256.0.0.1/',
  ])('%j is refused, or goes to the host that WHATWG finds in it, and nowhere else', async (text) => {
    const asked: string[] = [];
    const client = kind.open({
      resolve: (host) => {
        asked.push(host);
        throw new Error('asked');
      },
      allowAddress: (ip) => asked.push(ip) < 0,
    });
    let whatwg: string | null = null;
    try {
      whatwg = new globalThis.URL(text).hostname;
    } catch {
      await failureOf(() => client.get(text), InvalidURL);
      expect(asked).toEqual([]);
      return;
    }
    await Promise.resolve()
      .then((): unknown => client.get(text))
      .catch((error: unknown) => expect(error).toBeInstanceOf(Error));
    expect([[], [whatwg]]).toContainEqual(asked);
  });

  test('the host that was checked is the host that is asked', async () => {
    const server = await serve(always(answer('ok')), { repeatLast: true });
    const url = new URL(`http://127.1:${server.port}/`);
    const asked: string[] = [];
    await kind.open({ allowAddress: (ip) => asked.push(ip) > 0 }).get(url);
    expect(asked).toEqual(['127.0.0.1']);
    expect(fieldOf(server.heads[0] ?? '', 'host')).toBe(`127.0.0.1:${server.port}`);
  });
});
