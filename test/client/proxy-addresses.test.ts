/** `allowAddress` and `resolve` where there is a proxy (SECURITY 6.7, 6.11): which addresses are asked for, and what is sent. */
import { describe, expect, test } from 'vitest';
import { ConnectError, ProxyError } from '../../src/index.js';
import { certificates } from '../support/certificates.js';
import { failureOf } from '../support/client.js';
import { blocking, clients } from '../support/clients.js';
import { always, dialogue } from '../support/dialogue.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const made = await certificates();
const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';

/** Allows loopback, and notes what it is asked for. */
function guard(refused: readonly string[] = []) {
  const asked: string[] = [];
  const allowAddress = (ip: string): boolean => {
    asked.push(ip);
    return !refused.includes(ip);
  };
  return { asked, allowAddress };
}

describe.each(clients)('$name', (client) => {
  test('the proxy’s address is asked for, and a refused one is not connected to', async () => {
    const between = await serve(always(answer('forwarded')));
    const { asked, allowAddress } = guard(['127.0.0.1']);
    for (const scheme of ['http', 'socks5h']) {
      const opened = client.open({
        proxy: `${scheme}://localhost:${between.port}`,
        allowAddress,
        resolve: () => '127.0.0.1',
      });
      await failureOf(() => opened.get('http://192.0.2.1/'), ConnectError);
    }
    expect(asked).toContain('127.0.0.1');
    expect(between.accepted).toBe(0);
  });

  test('names behind a proxy are nobody’s to look up here', async () => {
    const between = await serve(always(answer('forwarded')), { repeatLast: true });
    const { asked, allowAddress } = guard();
    const opened = client.open({ proxy: `http://127.0.0.1:${between.port}`, allowAddress });
    expect((await opened.get('http://no-such-name.invalid/')).text).toBe('forwarded');
    expect(asked).toEqual(['127.0.0.1']);
  });

  test('resolve alone is asked for the proxy’s name, not for the origin’s', async () => {
    const between = await serve(dialogue().hearHead().say('HTTP/1.1 403 No\r\n\r\n'));
    const names: string[] = [];
    const resolve = (host: string): string => {
      names.push(host);
      return '127.0.0.1';
    };
    const opened = client.open({ proxy: `http://proxy.invalid:${between.port}`, resolve });
    await failureOf(() => opened.get('https://origin.invalid/'), ProxyError);
    expect(names).toEqual(['proxy.invalid']);
    expect(between.heads[0]).toMatch(/^CONNECT origin\.invalid:443 /);
  });

  test.each(['http://192.0.2.1/', 'https://192.0.2.1/', 'http://0xc0000201/'])(
    'SECURITY 6.11: %s is refused before the proxy hears of it, by redirects too',
    async (forbidden) => {
      const redirect = answer('', `Location: ${forbidden}\r\n`, '302 Found');
      const between = await serve(always(redirect), { repeatLast: true });
      const { allowAddress } = guard(['192.0.2.1']);
      const opened = client.open({ proxy: `http://127.0.0.1:${between.port}`, allowAddress, followRedirects: true });
      const direct = await failureOf(() => opened.get(forbidden), ConnectError);
      expect(direct.message).toContain('allowAddress refused 192.0.2.1');
      expect(direct.retryable).toBe(false);
      await failureOf(() => opened.get('http://harmless.invalid/'), ConnectError);
      expect(between.heads.length).toBe(1);
    },
  );

  test('SECURITY 6.11: with resolve the address that was allowed is the one that the proxy is asked for', async () => {
    const server = await serve(always(answer('secure')), { tls: made.server, repeatLast: true });
    const between = await serve(dialogue().hearHead().say(ESTABLISHED).join(server.port), { repeatLast: true });
    const { asked, allowAddress } = guard(['192.0.2.1']);
    const resolve = (): string[] => ['192.0.2.1', '192.0.2.2'];
    const settings = {
      verify: { ca: made.root.cert },
      proxy: `http://127.0.0.1:${between.port}`,
      allowAddress,
      resolve,
    };
    const opened = client.open(settings);
    expect((await opened.get('https://one.test.invalid/')).text).toBe('secure');
    expect(between.heads[0]).toMatch(/^CONNECT 192\.0\.2\.2:443 HTTP\/1\.1\r\nHost: 192\.0\.2\.2:443\r\n/);
    expect(server.peer(0).tls?.servername).toBe('one.test.invalid');
    expect(asked).toEqual(['192.0.2.1', '192.0.2.2', '127.0.0.1']);

    const plain = await serve(always(answer('plain')), { repeatLast: true });
    const leading = await serve(dialogue().hearHead().say(ESTABLISHED).join(plain.port));
    const other = client.open({ ...settings, proxy: `http://127.0.0.1:${leading.port}` });
    expect((await other.get('http://two.invalid/')).text).toBe('plain');
    expect(leading.heads[0]).toMatch(/^CONNECT 192\.0\.2\.2:80 /);
    expect(plain.heads[0]).toMatch(/^GET \/ HTTP\/1\.1\r\nHost: two\.invalid\r\n/);

    const refusing = client.open({ ...settings, resolve: () => '192.0.2.1' });
    const error = await failureOf(() => refusing.get('https://three.invalid/'), ConnectError);
    expect(error.message).toContain('allowAddress refused 192.0.2.1');
  });

  test('SOCKS is asked for the allowed address as an address', async () => {
    const between = await serve(
      dialogue().hearOctets(3).say(Uint8Array.of(5, 0)).hearOctets(10).say(Uint8Array.of(5, 2)),
    );
    const settings = { allowAddress: () => true, resolve: () => '192.0.2.2' };
    const opened = client.open({ ...settings, proxy: `socks5h://127.0.0.1:${between.port}` });
    await failureOf(() => opened.get('http://one.invalid/'), ProxyError);
    expect([...between.peer(0).octets.subarray(3)]).toEqual([5, 1, 0, 1, 192, 0, 2, 2, 0, 80]);
  });
});

test.each(['http', 'socks5'])(
  'Client alone: resolve that answers with a promise is refused behind %s too',
  async (scheme) => {
    const resolve = async (): Promise<string> => '192.0.2.1';
    const client = blocking.open({ proxy: `${scheme}://127.0.0.1:9`, allowAddress: () => true, resolve });
    const error = await failureOf(() => client.get('https://one.invalid/'), ConnectError);
    expect(error.message).toBe(
      'Cannot resolve one.invalid: resolve() answered with a promise, which a blocking call cannot wait for',
    );
    expect([error.phase, error.retryable]).toEqual(['dns', false]);
  },
);
