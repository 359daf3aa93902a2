/** Addresses: who resolves them, who may refuse them, and that the one checked is the one connected to. */
import { describe, expect, test } from 'vitest';
import { ConnectError, ConnectTimeout, MockTransport, Response } from '../../src/index.js';
import { certificates } from '../support/certificates.js';
import { clockEnvironment, errorOf, failureOf, fakeEnvironment, isSettled, openClient } from '../support/client.js';
import { clients } from '../support/clients.js';
import { always } from '../support/dialogue.js';
import { answer, fieldOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const made = await certificates();

const okServer = () => serve(always(answer('ok')), { repeatLast: true });

describe.each(clients)('$name', (kind) => {
  describe('resolve', () => {
    test('replaces DNS and is asked for the host alone', async () => {
      const server = await okServer();
      const asked: string[] = [];
      const client = kind.open({
        resolve: (host) => {
          asked.push(host);
          return ['127.0.0.1'];
        },
      });
      const response = await client.get(server.urlFor('nowhere.invalid'));
      expect(response.text).toBe('ok');
      expect(asked).toEqual(['nowhere.invalid']);
      expect(fieldOf(server.heads[0] ?? '', 'host')).toBe(`nowhere.invalid:${server.port}`);
    });

    test.each([
      ['http', {}],
      ['https', { tls: made.server }],
    ])('what an address says that came after a refused one is delivered, over %s', async (scheme, tls) => {
      const first = await serve(always(answer('of the first')), { repeatLast: true, ...tls });
      const second = await serve(always(answer('of another')), { repeatLast: true, ...tls });
      // Nobody listens at 127.0.0.2: Node.js begins again with the same socket.
      const client = kind.open({ resolve: () => ['127.0.0.2', '127.0.0.1'], verify: { ca: made.root.cert } });
      expect((await client.get(`${scheme}://localhost:${first.port}/`)).text).toBe('of the first');
      expect((await client.get(`${scheme}://localhost:${second.port}/`)).text).toBe('of another');
    });

    test('is not asked for an IP address', async () => {
      const server = await okServer();
      const client = kind.open({ resolve: () => expect.unreachable() });
      expect((await client.get(server.url)).text).toBe('ok');
    });

    test.each([
      [
        'what it throws',
        () => {
          throw new Error('no such name');
        },
        'no such name',
      ],
      ['no address', () => [], 'no address'],
      ['what is no address', () => ['not-an-ip'], 'not-an-ip'],
    ])('%s becomes a ConnectError in the phase dns', async (_name, resolve, message) => {
      const error = await failureOf(() => kind.open({ resolve }).get('http://nowhere.invalid/'), ConnectError);
      expect(error).toMatchObject({ phase: 'dns', sent: 'none' });
      expect(error.message).toContain(message);
    });
  });

  describe('allowAddress', () => {
    test('is asked for every address, and one refused is not connected to', async () => {
      const server = await okServer();
      const asked: string[] = [];
      const client = kind.open({
        resolve: () => ['127.0.0.2', '127.0.0.1'],
        allowAddress: (ip) => {
          asked.push(ip);
          return ip === '127.0.0.1';
        },
      });
      expect((await client.get(server.urlFor('nowhere.invalid'))).text).toBe('ok');
      expect(asked.sort()).toEqual(['127.0.0.1', '127.0.0.2']);
    });

    test.each([
      ['a literal', (port: number) => `http://127.0.0.1:${port}/`],
      ['a literal in another spelling', (port: number) => `http://127.1:${port}/`],
      ['a number', (port: number) => `http://2130706433:${port}/`],
      ['a name', (port: number) => `http://localhost:${port}/`],
      ['an IPv4-mapped literal', (port: number) => `http://[::ffff:127.0.0.1]:${port}/`],
    ])('%s that it refuses gets no octet', async (_name, url) => {
      const server = await okServer();
      const asked: string[] = [];
      const client = kind.open({
        allowAddress: (ip) => {
          asked.push(ip);
          return false;
        },
      });
      const error = (await errorOf(() => client.get(url(server.port)))) as Error;
      expect(['ConnectError', 'InvalidURL']).toContain(error.constructor.name);
      if (error instanceof ConnectError) expect(asked.length).toBeGreaterThan(0);
      expect(server.accepted).toBe(0);
    });

    test('the refusal names the address and is no retry', async () => {
      const client = kind.open({ resolve: () => '10.0.0.7', allowAddress: () => false });
      const error = await failureOf(() => client.get('http://inside.invalid/'), ConnectError);
      expect(error.message).toContain('10.0.0.7');
      expect(error.sent).toBe('none');
    });

    test('the address asked about is the address connected to: a resolver that changes its mind is asked once', async () => {
      const server = await okServer();
      let turn = 0;
      const client = kind.open({
        resolve: () => (turn++ === 0 ? '127.0.0.1' : '127.0.0.66'),
        allowAddress: (ip) => ip === '127.0.0.1',
      });
      await client.get(server.urlFor('rebind.invalid'));
      expect(turn).toBe(1);
      expect(server.accepted).toBe(1);
    });

    test('an error it throws is a ConnectError with that cause', async () => {
      const mine = new Error('mine');
      const client = kind.open({
        resolve: () => '127.0.0.1',
        allowAddress: () => {
          throw mine;
        },
      });
      const error = await failureOf(() => client.get('http://nowhere.invalid/'), ConnectError);
      expect(error.cause).toBe(mine);
    });

    test('is refused beside a transport, which would not ask it, but not beside mounts', async () => {
      const transport = new MockTransport(() => new Response(200, { text: 'made up' }));
      const allowAddress = () => false;
      expect(() => kind.open({ transport, allowAddress })).toThrow(TypeError);
      expect(() => kind.open({ transport, allowAddress })).toThrow(
        'would never be asked beside transport; give it to the',
      );
      kind.open({ transport, allowAddress: null, resolve: () => [], verify: false, proxy: 'http://127.0.0.1:1' });
      const server = await okServer();
      const guarded = kind.open({ allowAddress, mounts: { 'all://mock.invalid': transport } });
      expect((await guarded.get('http://mock.invalid/')).text).toBe('made up');
      await failureOf(() => guarded.get(server.url), ConnectError);
    });
  });
});

describe('AsyncClient alone: resolve', () => {
  test('may answer later, and with several addresses of which one works', async () => {
    const server = await okServer();
    const client = openClient({ resolve: async () => ['127.0.0.1', '127.0.0.2'] });
    expect((await client.get(server.urlFor('nowhere.invalid'))).text).toBe('ok');
  });

  test('is bounded by the connect timeout', async () => {
    const environment = clockEnvironment();
    const client = openClient({ resolve: () => new Promise(() => {}), timeout: { connect: 150 } }, environment);
    const call = client.get('http://nowhere.invalid/');
    expect(await isSettled(call)).toBe(false);
    const failed = failureOf(call, ConnectTimeout);
    await environment.host.advance(150);
    expect((await failed).phase).toBe('dns');
  });
});

test('settings go to the connector as they were given', async () => {
  const environment = fakeEnvironment();
  environment.connector.onSocket = (socket) => {
    socket.onWritten = () => socket.say(answer('ok'));
  };
  await openClient({}, environment).get('https://host.invalid/');
  const { address } = environment.connector.socket(0);
  expect([address.host, address.port, address.uds, address.localAddress]).toEqual(['host.invalid', 443, null, null]);
  expect(address.tls).toMatchObject({ hostname: 'host.invalid', serverName: 'host.invalid', verify: true });
  expect(address.tls?.alpn).not.toContain('h2');
});
