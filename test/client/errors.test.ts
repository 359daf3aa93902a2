/** Failures of the network and of the peer, each with its class, code, phase, extent of sending, and cause. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import {
  ConnectError,
  HTTPError,
  InvalidURL,
  ReadError,
  RemoteProtocolError,
  TransportError,
  UnsupportedProtocol,
  WriteError,
} from '../../src/index.js';
import { errorOf, failureOf } from '../support/client.js';
import { clients } from '../support/clients.js';
import { dialogue } from '../support/dialogue.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

/** A port on which nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe.each(clients)('$name', (kind) => {
  describe('connecting', () => {
    test('refused: ConnectError with the host’s error as cause', async () => {
      const port = await deadPort();
      const error = await failureOf(() => kind.open().get(`http://127.0.0.1:${port}/`), ConnectError);
      expect(error).toMatchObject({
        name: 'ConnectError',
        code: 'ERR_CONNECT',
        phase: 'connect',
        sent: 'none',
        retryable: true,
      });
      expect((error.cause as NodeJS.ErrnoException).code).toBe('ECONNREFUSED');
      expect(error.message).toBe(`Cannot connect to 127.0.0.1:${port}: connect ECONNREFUSED`);
      expect(error.request.method).toBe('GET');
    });

    test('several addresses refused: one message names them all', async () => {
      const port = await deadPort();
      const client = kind.open({ resolve: () => ['127.0.0.1', '127.0.0.2'] });
      const error = await failureOf(() => client.get(`http://both.invalid:${port}/`), ConnectError);
      expect(error.message).toContain('127.0.0.1');
      expect(error.message).not.toBe('');
    });

    test('a name that does not exist: ConnectError in the phase dns', async () => {
      const client = kind.open({
        resolve: () => {
          throw Object.assign(new Error('getaddrinfo ENOTFOUND x.invalid'), { code: 'ENOTFOUND' });
        },
      });
      const error = await failureOf(() => client.get('http://x.invalid/'), ConnectError);
      expect(error).toMatchObject({ phase: 'dns', sent: 'none', retryable: true });
    });

    test('another scheme than http and https: UnsupportedProtocol', async () => {
      for (const url of ['ftp://host.invalid/', 'file:///etc/passwd', 'ws://host.invalid/']) {
        const error = await failureOf(() => kind.open().get(url), UnsupportedProtocol);
        expect(error.sent).toBe('none');
      }
    });

    test('no host, or none that can be sent: told before anything is done', async () => {
      for (const url of ['/relative', 'http://', 'http:///path', 'http://exa mple/', 'http://a..b:99999/']) {
        const error = await errorOf(() => kind.open().get(url));
        expect(error instanceof InvalidURL || error instanceof UnsupportedProtocol, `${url}: ${error}`).toBe(true);
      }
    });
  });

  describe('the peer goes away', () => {
    test('closed without a word: RemoteProtocolError, all was sent', async () => {
      const server = await serve(dialogue().hear().fin());
      const error = await failureOf(() => kind.open().get(server.url), RemoteProtocolError);
      expect(error).toMatchObject({ code: 'ERR_REMOTE_PROTOCOL', phase: 'read', sent: 'full' });
      expect(error.message).toMatch(/closed the connection without sending a response; a port of TLS closes so, too/);
      expect(error.cause).toBeUndefined();
    });

    test('closed without a word where it has answered before: it is no port of TLS', async () => {
      const server = await serve(dialogue().hear().say(answer('one')).hear().fin());
      const client = kind.open();
      await client.get(server.url);
      // Not idempotent: it is not sent again on another connection.
      const error = await failureOf(() => client.post(server.url, { content: 'x' }), RemoteProtocolError);
      expect(error.message).toMatch(/without sending a response$/);
    });

    test('closed within the head: RemoteProtocolError', async () => {
      const server = await serve(dialogue().hear().say('HTTP/1.1 200 OK\r\nContent-').fin());
      await failureOf(() => kind.open().get(server.url), RemoteProtocolError);
    });

    test.each([
      ['short of its length', `HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc`],
      ['without its last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'],
      ['within a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nabc'],
      ['within the trailers', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n'],
    ])('a body %s: RemoteProtocolError', async (_name, text) => {
      const server = await serve(dialogue().hear().say(text).fin());
      await failureOf(() => kind.open().get(server.url), RemoteProtocolError);
    });

    test('reset while the answer is awaited: ReadError with ECONNRESET as cause', async () => {
      const server = await serve(dialogue().hear().reset(), { repeatLast: true });
      const client = kind.open();
      const error = await failureOf(() => client.get(server.url), ReadError);
      expect(error).toMatchObject({ code: 'ERR_READ', phase: 'read', sent: 'full', retryable: true });
      expect((error.cause as NodeJS.ErrnoException).code).toBe('ECONNRESET');
      const posted = await failureOf(() => client.post(server.url, { content: 'x' }), ReadError);
      expect(posted).toMatchObject({ sent: 'full', retryable: false });
    });

    test('reset within the body: ReadError', async () => {
      const server = await serve(
        dialogue().hear().say('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc').waitMs(5).reset(),
      );
      await failureOf(() => kind.open().get(server.url), ReadError);
    });

    test('reset within an upload: WriteError or ReadError, part was sent', async () => {
      const server = await serve(dialogue().hearHead().reset());
      const error = (await errorOf(() =>
        kind.open().post(server.url, { content: new Uint8Array(32 << 20) }),
      )) as TransportError;
      expect(error instanceof WriteError || error instanceof ReadError).toBe(true);
      expect(error.sent).not.toBe('none');
      expect(error.retryable).toBe(false);
    });

    test('closed within an upload, without an answer', async () => {
      const server = await serve(dialogue().hearHead().fin());
      const error = (await errorOf(() =>
        kind.open().post(server.url, { content: new Uint8Array(32 << 20) }),
      )) as TransportError;
      expect(error).toBeInstanceOf(TransportError);
      expect(error.retryable).toBe(false);
    });
  });

  describe('the peer talks nonsense', () => {
    test.each([
      ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n', ''],
      ['HTTP/2’s preface', 'HTTP/2.0 200 OK\r\n\r\n', '§'],
      ['no status', 'HTTP/1.1 OK\r\n\r\n', '§'],
      ['a space before the colon', 'HTTP/1.1 200 OK\r\nA : b\r\n\r\n', '§'],
      ['a bare LF', 'HTTP/1.1 200 OK\nA: b\n\n', '§'],
      ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', '§'],
      [
        'length and chunked',
        'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        '§',
      ],
      ['a chunk size that is none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n', '§'],
      ['101 unasked', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n', ''],
    ])('%s: RemoteProtocolError that names the rule; the connection is closed', async (_name, text, sign) => {
      const server = await serve(dialogue().hear().say(text).hearClose(2000));
      const error = await failureOf(() => kind.open().get(server.url), RemoteProtocolError);
      expect(error.message).toContain(sign);
      expect(error.message).toMatch(/: /);
      await server.until(() => server.peer(0).closes.length === 1);
      expect(server.peer(0).closes[0]).not.toBeNull();
    });

    test.each([
      ['headOctets', { headOctets: 300 }, `X: ${'x'.repeat(400)}\r\n`, '300'],
      ['fields', { fields: 3 }, 'A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n', '3'],
    ])('more than limits.%s is a RemoteProtocolError that names the limit', async (_name, limits, fields, limit) => {
      const server = await serve(dialogue().hear().say(answer('x', fields)));
      const error = await failureOf(() => kind.open({ limits }).get(server.url), RemoteProtocolError);
      expect(error.message).toContain(limit);
    });

    test('in the middle of a body that was handed out: the reader gets it', async () => {
      const server = await serve(
        dialogue().hear().say('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n').waitMs(5).say('zzz'),
      );
      const response = await kind.open().stream('GET', server.url);
      const error = await failureOf(() => kind.read(response), RemoteProtocolError);
      expect(error.request.method).toBe('GET');
    });
  });

  test('every error is an HTTPError with a request, and shows no secret', async () => {
    const { inspect } = await import('node:util');
    const server = await serve(dialogue().hear().fin());
    const error = await failureOf(
      () => kind.open().get(server.url, { headers: { Authorization: 'Bearer hunter2' } }),
      RemoteProtocolError,
    );
    expect(error).toBeInstanceOf(HTTPError);
    expect(error.message).not.toContain('hunter2');
    expect(inspect(error)).not.toContain('hunter2');
  });
});
