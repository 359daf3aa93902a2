/** 101 and CONNECT: the socket is handed over, octets not consumed first, and is the caller's from then on. */
import { describe, expect, test } from 'vitest';
import {
  CloseError,
  ConnectTimeout,
  LocalProtocolError,
  type MaybePromise,
  PoolTimeout,
  ReadTimeout,
  RemoteProtocolError,
  type StartTlsOptions,
  WriteTimeout,
} from '../../src/index.js';
import { failureOf, openClient } from '../support/client.js';
import { type AnyClient, clients } from '../support/clients.js';
import { always, dialogue, gate } from '../support/dialogue.js';
import { answer, fieldOf, octetsOf, textOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

interface Stream {
  read(maxOctets?: number, options?: { timeout?: number }): MaybePromise<Uint8Array>;
  write(octets: Uint8Array, options?: { timeout?: number }): MaybePromise<void>;
  closeWrite(): void;
  close(): void;
  getExtraInfo(name: string): unknown;
  startTls(options?: StartTlsOptions): MaybePromise<unknown>;
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
const headers = { Connection: 'Upgrade', Upgrade: 'echo' };

describe.each(clients)('$name', (kind) => {
  async function upgraded(url: string): Promise<{ stream: Stream; client: AnyClient }> {
    const client = kind.open({ limits: { maxConnections: 1 } });
    const response = await client.stream('GET', url, { headers });
    expect(response.statusCode).toBe(101);
    return { stream: response.extensions.networkStream as Stream, client };
  }

  describe('101', () => {
    test('octets that came with the head are read first, then what follows', async () => {
      const opened = gate();
      const server = await serve(
        dialogue().hearHead().say(`${switching}early`).until(opened).say(' late').hearOctets(4).fin(),
      );
      const { stream } = await upgraded(server.url);
      expect(textOf(await stream.read())).toBe('early');
      opened.open();
      expect(textOf(await stream.read())).toBe(' late');
      await stream.write(octetsOf('ping'));
      await server.until(() => server.peer(0).text.endsWith('ping'));
      expect((await stream.read()).length).toBe(0);
      stream.close();
    });

    test('read gives at most what was asked for', async () => {
      const server = await serve(dialogue().hearHead().say(`${switching}abcdef`).stall());
      const { stream } = await upgraded(server.url);
      expect([textOf(await stream.read(2)), textOf(await stream.read(3)), textOf(await stream.read())]).toEqual([
        'ab',
        'cde',
        'f',
      ]);
      stream.close();
    });

    test('closing it gives its place in the pool to the next call', async () => {
      const server = await serve([dialogue().hearHead().say(switching).stall(), always(answer('next'))]);
      const { stream, client } = await upgraded(server.url);
      await failureOf(() => client.get(server.url, { timeout: { pool: 1 } }), PoolTimeout);
      stream.close();
      expect((await client.get(server.url)).text).toBe('next');
      await server.until(() => server.peer(0).clientClosedAt !== null);
    });

    test('closing our side lets the other go on', async () => {
      const server = await serve(dialogue().hearHead().say(switching).hearEnd().say('after the end').fin());
      const { stream } = await upgraded(server.url);
      stream.closeWrite();
      expect(textOf(await stream.read())).toBe('after the end');
      stream.close();
    });

    test('what looks like the end cannot be asked for, and only octets can be sent', async () => {
      const server = await serve(dialogue().hearHead().say(`${switching}x`).stall());
      const { stream } = await upgraded(server.url);
      for (const count of [0, -1, 1.5, Number.NaN]) await failureOf(() => stream.read(count), RangeError);
      await failureOf(() => stream.read(1, { timeout: -1 }), RangeError);
      await failureOf(() => stream.read(1, { timeuot: 1 } as object), TypeError);
      await failureOf(() => stream.write('text' as unknown as Uint8Array), TypeError);
      expect(textOf(await stream.read())).toBe('x');
      stream.close();
    });

    test('a limit ends its own read; the next gets what comes', async () => {
      const opened = gate();
      const server = await serve(dialogue().hearHead().say(switching).until(opened).say('late').stall());
      const { stream } = await upgraded(server.url);
      const error = await failureOf(() => stream.read(10, { timeout: 20 }), ReadTimeout);
      expect(error.message).toContain('20 ms');
      opened.open();
      expect(textOf(await stream.read())).toBe('late');
      stream.close();
    });

    test('a write that the peer does not take ends within its limit', async () => {
      const server = await serve(dialogue().hearHead().say(switching).goDeaf().stall());
      const { stream } = await upgraded(server.url);
      const error = await failureOf(() => stream.write(new Uint8Array(64 << 20), { timeout: 50 }), WriteTimeout);
      expect(error.message).toContain('50 ms');
      stream.close();
    });

    test('after close nothing is read or written, octets unread or not', async () => {
      const server = await serve(dialogue().hearHead().say(`${switching}unread`).stall());
      const { stream } = await upgraded(server.url);
      stream.close();
      stream.close();
      await failureOf(() => stream.read(), CloseError);
      await failureOf(() => stream.write(octetsOf('x')), CloseError);
      await server.until(() => server.peer(0).clientClosedAt !== null);
    });

    test('after closing our side nothing is written', async () => {
      const server = await serve(dialogue().hearHead().say(switching).stall());
      const { stream } = await upgraded(server.url);
      stream.closeWrite();
      await failureOf(() => stream.write(octetsOf('x')), CloseError);
      stream.close();
    });

    test('a closed client ends it', async () => {
      const server = await serve(dialogue().hearHead().say(switching).stall());
      const { stream, client } = await upgraded(server.url);
      await kind.close(client);
      await failureOf(() => stream.read(), CloseError);
    });

    test('when both sides have ended its place is free', async () => {
      const server = await serve([
        dialogue().hearHead().say(`${switching}rest`).hearEnd().fin(),
        always(answer('next')),
      ]);
      const { stream, client } = await upgraded(server.url);
      stream.closeWrite();
      expect(textOf(await stream.read())).toBe('rest');
      expect((await stream.read()).length).toBe(0);
      expect((await client.get(server.url)).text).toBe('next');
    });

    test('is a pair of WHATWG streams', async () => {
      const server = await serve(dialogue().hearHead().say(`${switching}hello`).hearOctets(4).fin());
      const { stream } = await upgraded(server.url);
      const reader = stream.readable.getReader({ mode: 'byob' });
      expect(textOf((await reader.read(new Uint8Array(2))).value as Uint8Array)).toBe('he');
      expect(textOf((await reader.read(new Uint8Array(9))).value as Uint8Array)).toBe('llo');
      const writer = stream.writable.getWriter();
      await writer.write(octetsOf('ping'));
      expect((await reader.read(new Uint8Array(1))).done).toBe(true);
      await writer.close();
      await server.until(() => server.peer(0).text.endsWith('ping'));
    });

    test('octets in the clear are never taken for what came over TLS', async () => {
      const server = await serve(dialogue().hearHead().say(`${switching}evil`).stall());
      const { stream } = await upgraded(server.url);
      const error = await failureOf(() => stream.startTls({ verify: false }), LocalProtocolError);
      expect(error.message).toContain('4 octets');
      expect(textOf(await stream.read())).toBe('evil');
      stream.close();
    });

    test('a handshake that the peer never answers ends within its limit', async () => {
      const server = await serve(dialogue().hearHead().say(switching).stall());
      const { stream } = await upgraded(server.url);
      const error = await failureOf(() => stream.startTls({ verify: false, timeout: 20 }), ConnectTimeout);
      expect(error.message).toContain('20 ms');
      await server.until(() => server.peer(0).clientClosedAt !== null);
    });

    test.each([
      ['alpn', ''],
      ['alpn', 'h2'],
      ['alpn', 5],
      ['alpn', [5]],
      ['alpn', ['']],
      ['alpn', ['h2', 'é'.repeat(128)]],
      ['serverHostname', ''],
      ['serverHostname', 5],
      ['serverHostname', 'two names'],
      ['serverHostname', 'nul\0.example'],
      ['serverHostname', 'a.example\r\nx'],
      ['serverHostname', 'münchen.example'],
      ['serverHostname', '[::1]'],
      ['serverHostname', 'a.example:443/'],
    ])('TLS with %s %j is refused by name, and the stream goes on', async (name, value) => {
      const server = await serve(dialogue().hearHead().say(switching).hearOctets(4).say('pong').stall());
      const { stream } = await upgraded(server.url);
      const error = await failureOf(() => stream.startTls({ verify: false, [name]: value }), TypeError);
      expect(error.message).toContain(`Cannot start TLS with the peer: expected ${name} to be`);
      await stream.write(octetsOf('ping'));
      expect(textOf(await stream.read())).toBe('pong');
      stream.close();
    });

    test('unasked it is an error', async () => {
      const server = await serve(dialogue().hear().say(switching));
      await failureOf(() => kind.open().get(server.url), RemoteProtocolError);
    });

    test('a server that declines answers as always', async () => {
      const server = await serve(always(answer('no thanks')));
      const client = kind.open();
      expect((await client.get(server.url, { headers })).text).toBe('no thanks');
      expect((await client.get(server.url)).text).toBe('no thanks');
      expect(server.accepted).toBe(1);
    });

    test('addresses are known', async () => {
      const server = await serve(dialogue().hearHead().say(switching).stall());
      const { stream } = await upgraded(server.url);
      expect(stream.getExtraInfo('server_addr')).toEqual(['127.0.0.1', server.port]);
      stream.close();
    });
  });

  describe('CONNECT', () => {
    test('2xx hands over; its length fields mean nothing', async () => {
      const server = await serve(
        dialogue()
          .hearHead()
          .say('HTTP/1.1 200 Connection established\r\nContent-Length: 5\r\n\r\nhello')
          .hearOctets(2)
          .say('ok'),
      );
      const response = await kind.open().stream('CONNECT', server.url, { extensions: { target: 'far.invalid:443' } });
      expect(server.heads[0]?.startsWith('CONNECT far.invalid:443 HTTP/1.1\r\n')).toBe(true);
      expect(fieldOf(server.heads[0] ?? '', 'content-length')).toBeNull();
      const stream = response.extensions.networkStream as Stream;
      expect(textOf(await stream.read())).toBe('hello');
      await stream.write(octetsOf('hi'));
      expect(textOf(await stream.read())).toBe('ok');
      stream.close();
    });

    test('asks for the host and port of the URL unless it is told another target', async () => {
      const denied = always(answer('', '', '403 Forbidden'));
      const server = await serve(denied, { repeatLast: true });
      await kind.open().request('CONNECT', `http://127.0.0.1:${server.port}/path`);
      const proxied = kind.open({ proxy: server.url });
      for (const url of ['http://far.invalid:99/', 'http://[::1]/?a']) await proxied.request('CONNECT', url);
      expect(server.heads.map((head) => head.split('\r\n', 1)[0])).toEqual([
        `CONNECT 127.0.0.1:${server.port} HTTP/1.1`,
        'CONNECT far.invalid:99 HTTP/1.1',
        'CONNECT [::1]:80 HTTP/1.1',
      ]);
    });

    test('any other status is a response with a body', async () => {
      const server = await serve(always(answer('denied', '', '403 Forbidden')));
      const response = await kind.open().request('CONNECT', server.url, { extensions: { target: 'far.invalid:443' } });
      expect([response.statusCode, response.text]).toEqual([403, 'denied']);
      expect(response.extensions.networkStream).toBeUndefined();
    });
  });
});

test('AsyncClient alone: a call that waits for the place of a tunnel has it when that is closed', async () => {
  const server = await serve([dialogue().hearHead().say(switching).stall(), always(answer('next'))]);
  const client = openClient({ limits: { maxConnections: 1 } });
  const response = await client.stream('GET', server.url, { headers });
  const next = client.get(server.url);
  (response.extensions.networkStream as Stream).close();
  expect((await next).text).toBe('next');
});
