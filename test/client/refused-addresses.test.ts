/** `resolve` and `allowAddress`: only what they clearly allow is connected to, and a refusal is no reason to try again. */
import { describe, expect, test } from 'vitest';
import { ConnectError } from '../../src/index.js';
import { failureOf } from '../support/client.js';
import { clients } from '../support/clients.js';
import { dialogue } from '../support/dialogue.js';
import { serve } from '../support/scripted-server.js';

describe.each(clients)('$name', (kind) => {
  test.each([
    ['a promise', async () => false, 'a promise'],
    ['a promise of true', async () => true, 'a promise'],
    ['something truthy', () => 'yes', 'yes'],
    ['nothing', () => undefined, 'undefined'],
  ])('allowAddress that answers with %s allows nothing', async (_name, allowAddress, got) => {
    const server = await serve([]);
    const client = kind.open({ allowAddress: allowAddress as unknown as (ip: string) => boolean });
    for (const host of ['127.0.0.1', 'localhost']) {
      const error = await failureOf(() => client.get(`http://${host}:${server.port}/`), ConnectError);
      expect(error.message).toContain(`allowAddress must answer true or false at once, got ${got}`);
      expect(error.retryable).toBe(false);
    }
    expect(server.accepted).toBe(0);
  });

  test.each([
    ['null', null, 'must answer with IP addresses, got null'],
    ['no address', [], 'answered with no address'],
    ['a name', ['example.invalid'], '"example.invalid", which is not an IP address'],
  ])('resolve that answers with %s is a mistake that repeating does not mend', async (_name, answer, message) => {
    const client = kind.open({ resolve: () => answer as string[] });
    const error = await failureOf(() => client.get('http://name.invalid/'), ConnectError);
    expect(error.message).toContain(message);
    expect([error.phase, error.sent, error.retryable]).toEqual(['dns', 'none', false]);
  });

  test.each([
    ['an address', '192.0.2.1', null],
    ['a name', 'name.invalid', null],
    ['an address behind a proxy', '192.0.2.1', 'http://127.0.0.1:9'],
    ['a name behind a proxy', 'name.invalid', 'http://127.0.0.1:9'],
    ['a name behind SOCKS', 'name.invalid', 'socks5://127.0.0.1:9'],
  ])('allowAddress that throws for %s is asked once, and told as the cause', async (_name, host, proxy) => {
    const mistake = new RangeError('a mistake');
    let asked = 0;
    const settings = {
      proxy,
      retries: 3,
      resolve: () => '192.0.2.1',
      allowAddress: (): boolean => {
        asked++;
        throw mistake;
      },
    };
    const error = await failureOf(() => kind.over(settings).get(`http://${host}/`), ConnectError);
    expect(error.message).toMatch(/^Cannot connect to .*: allowAddress failed: a mistake$/);
    expect(error).toMatchObject({ cause: mistake, phase: 'dns', sent: 'none', retryable: false });
    expect(asked).toBe(1);
  });

  test.each([
    ['directly', null, 'http://name.invalid/'],
    ['for the name of a proxy', 'http://proxy.invalid', 'http://name.invalid/'],
    ['behind a proxy', 'http://127.0.0.1:9', 'https://name.invalid/'],
    ['behind SOCKS', 'socks5://127.0.0.1:9', 'http://name.invalid/'],
  ])('resolve that throws is asked once, and told as the cause: %s', async (_name, proxy, url) => {
    const mistake = new RangeError('a mistake');
    let asked = 0;
    const settings = {
      proxy,
      retries: 3,
      allowAddress: () => true,
      resolve: (): string => {
        asked++;
        throw mistake;
      },
    };
    const error = await failureOf(() => kind.over(settings).get(url), ConnectError);
    expect(error.message).toMatch(/Cannot resolve \S+: resolve\(\) failed: a mistake$/);
    expect(error).toMatchObject({ cause: mistake, phase: 'dns', sent: 'none', retryable: false });
    expect(asked).toBe(1);
  });

  test('a ConnectError of resolve stays as it is, and says itself whether to try again', async () => {
    const passing = new ConnectError('the name server is busy', { phase: 'dns', retryable: true });
    let asked = 0;
    const resolve = (): string => {
      asked++;
      throw passing;
    };
    const error = await failureOf(() => kind.over({ retries: 1, resolve }).get('http://name.invalid/'), ConnectError);
    expect([error.message, error.retryable, asked]).toEqual([passing.message, true, 2]);
  });

  test.each(['resolve', 'allowAddress'])('%s that is no function is refused by transports too', (name) => {
    expect(() => kind.over({ [name]: '127.0.0.1' })).toThrow(
      `Cannot make a transport: expected ${name} to be a function, got string`,
    );
  });

  test('TLS to a server that speaks none is said in words', async () => {
    const server = await serve(dialogue().say('HTTP/1.1 400 Bad Request\r\n\r\n').fin());
    const { port } = server;
    const error = await failureOf(() => kind.open().get(`https://127.0.0.1:${port}/`), ConnectError);
    expect(error.message).toBe(
      `Cannot set up TLS with 127.0.0.1:${port}: the server does not speak TLS there; http:// in the URL asks for none (wrong version number)`,
    );
  });
});
