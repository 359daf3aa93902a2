/** How sockets are made: Unix sockets, the address connected from, what TCP is told. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConnectError, type HTTPTransportOptions } from '../../src/index.js';
import { certificates, filesOf } from '../support/certificates.js';
import { failureOf } from '../support/client.js';
import { clients } from '../support/clients.js';
import { always } from '../support/dialogue.js';
import { answer, fieldOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const made = await certificates();

function socketPath(): string {
  const { placeholder } = filesOf({ placeholder: '' });
  return join(placeholder, '..', 's');
}

describe.each(clients)('$name', ({ over }) => {
  describe('uds', () => {
    test('is connected to for every origin, whose own Host is sent', async () => {
      const uds = socketPath();
      const server = await serve(always(answer('local')), { uds, repeatLast: true });
      const client = over({ uds, resolve: () => expect.unreachable(), allowAddress: () => false });
      for (const url of ['http://one.invalid/', 'http://two.invalid:81/'])
        expect((await client.get(url)).text).toBe('local');
      expect(server.heads.map((head) => fieldOf(head, 'host'))).toEqual(['one.invalid', 'two.invalid:81']);
      expect([server.accepted, server.peer(0).clientAddress]).toEqual([2, null]);
    });

    test('TLS over it is checked by the name in the URL', async () => {
      const uds = socketPath();
      const server = await serve(always(answer('secure')), { uds, tls: made.server, repeatLast: true });
      const client = over({ uds, verify: { ca: made.root.cert } });
      expect((await client.get('https://a.test.invalid/')).text).toBe('secure');
      expect(server.peer(0).tls?.servername).toBe('a.test.invalid');
      const error = await failureOf(() => client.get('https://other.invalid/'), ConnectError);
      expect(error.message).toContain('other.invalid');
    });

    test('one that is not there is named', async () => {
      const uds = socketPath();
      const error = await failureOf(() => over({ uds }).get('http://one.invalid/'), ConnectError);
      expect(error).toMatchObject({ phase: 'connect', sent: 'none' });
      expect(error.message).toContain(`Cannot connect to ${uds}: `);
    });
  });

  describe('localAddress', () => {
    test('is where connections come from', async () => {
      const server = await serve(always(answer('ok')), { repeatLast: true });
      await over({ localAddress: '127.0.0.3' }).get(server.url);
      expect(server.peer(0).clientAddress).toBe('127.0.0.3');
    });

    test('of several addresses, those of its family are connected to', async () => {
      const server = await serve(always(answer('ok')), { repeatLast: true });
      const client = over({ localAddress: '127.0.0.3', resolve: () => ['::1', '127.0.0.1'] });
      await client.get(server.urlFor('both.invalid'));
      expect(server.peer(0).clientAddress).toBe('127.0.0.3');
    });

    test('a host without an address of its family cannot be connected to', async () => {
      const client = over({ localAddress: '127.0.0.3', resolve: () => '::1' });
      const error = await failureOf(() => client.get('http://six.invalid/'), ConnectError);
      expect(error.message).toContain("it has no address of the local address's family");
    });

    test('that is not of this host is a ConnectError', async () => {
      const server = await serve(always(answer('ok')), { repeatLast: true });
      const error = await failureOf(() => over({ localAddress: '192.0.2.1' }).get(server.url), ConnectError);
      expect(error.phase).toBe('connect');
      expect(server.accepted).toBe(0);
    });
  });

  test('what TCP is told does no harm', async () => {
    const server = await serve(always(answer('ok')), { repeatLast: true });
    const socketOptions = { noDelay: false, keepAlive: true, keepAliveInitialDelay: '30s' } as const;
    expect((await over({ socketOptions }).get(server.url)).text).toBe('ok');
  });

  test.each<[keyof HTTPTransportOptions, unknown, string]>([
    ['uds', '', 'expected the path of a Unix socket'],
    ['uds', 5, 'expected the path of a Unix socket'],
    ['uds', 'a\0b', 'expected the path of a Unix socket'],
    ['uds', 10n, 'expected the path of a Unix socket, got bigint'],
    ['localAddress', 10n, 'expected an IP address of this host, got bigint'],
    ['verify', { minVersion: 10n }, "expected minVersion to be 'TLSv1.2' or 'TLSv1.3'"],
    ['localAddress', 'localhost', 'expected an IP address of this host, got "localhost"'],
    ['localAddress', '127.1', 'expected an IP address'],
    ['localAddress', '', 'expected an IP address'],
    ['localAddress', '::g', 'expected an IP address'],
    ['socketOptions', { noDelay: 1 }, 'Cannot set socketOptions.noDelay: expected true or false, got number'],
    ['socketOptions', { no_delay: true }, "unknown option 'no_delay', did you mean 'noDelay'?"],
    ['socketOptions', [[6, 1, 1]], 'Cannot set socketOptions: expected an object'],
    ['socketOptions', { keepAliveInitialDelay: 0 }, 'Cannot set socketOptions.keepAliveInitialDelay'],
    ['trustEnv', 1, 'Cannot set trustEnv'],
  ])('%s: %s is refused', (option, value, message) => {
    expect(() => over({ [option]: value })).toThrow(message);
  });

  test('IP addresses of any spelling are taken', () => {
    for (const localAddress of ['0.0.0.0', '::', '2001:DB8::1', 'fe80::1%eth0', '::ffff:1.2.3.4'])
      over({ localAddress });
  });
});
