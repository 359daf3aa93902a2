/**
 * Network streams of AsyncClient alone: reads in order, ends told to everybody who waits, WHATWG streams of both sides, and
 * TLS set up later, by a peer in the same thread. What holds for Client as well is in upgrade.test.ts; TLS that is set up
 * by Client, in blocking-tls.test.ts.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type AsyncClient,
  CloseError,
  ConnectError,
  ConnectTimeout,
  LocalProtocolError,
  type NetworkStream,
  ReadError,
  ReadTimeout,
  WriteError,
  WriteTimeout,
} from '../../src/index.js';
import { certificates, filesOf } from '../support/certificates.js';
import {
  type ClientOptions,
  type FakeEnvironment,
  failureOf,
  fakeEnvironment,
  isSettled,
  openClient,
} from '../support/client.js';
import type { FakeSocket } from '../support/fake-socket.js';
import { answer, octetsOf, textOf } from '../support/octets.js';

const made = await certificates();
const url = 'http://fake.invalid/';
const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
const octets = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(octetsOf(text));

interface Tunnel {
  readonly stream: NetworkStream;
  readonly socket: FakeSocket;
  readonly client: AsyncClient;
  readonly environment: FakeEnvironment;
}

/** A stream over a fake socket, `first` having come with the response. */
async function tunnel(first = '', options: ClientOptions = {}, holdsReads = false): Promise<Tunnel> {
  const environment = fakeEnvironment();
  environment.connector.onSocket = (socket) => {
    if (holdsReads) socket.holdsReads = true;
    socket.onWritten = () => {
      socket.onWritten = null;
      socket.say(switching + first);
    };
  };
  const client = openClient({ ...options, timeout: null, limits: { maxConnections: 1 } }, environment);
  const response = await client.stream('GET', url, { headers: { Connection: 'Upgrade', Upgrade: 'echo' } });
  const socket = environment.connector.socket(0);
  socket.takeWritten();
  return { stream: response.extensions.networkStream as NetworkStream, socket, client, environment };
}

/** Whether another request can have the connection's place in the pool. */
async function isFree({ client, environment }: Tunnel): Promise<boolean> {
  environment.connector.onSocket = (socket) => {
    socket.onWritten = () => socket.say(answer('next'));
  };
  const next = client.get(url).then(
    () => {},
    () => {},
  );
  return isSettled(next);
}

const textsOf = async (reads: Promise<Uint8Array>[]): Promise<string[]> => (await Promise.all(reads)).map(textOf);

describe('read', () => {
  test('calls that overlap get what comes in their order', async () => {
    const { stream, socket } = await tunnel('a');
    const order: string[] = [];
    const reads = ['a', 'bc', 'd', 'ef', ''].map((wanted) =>
      stream.read(wanted === '' ? undefined : wanted.length).then((found) => {
        order.push(textOf(found));
        return found;
      }),
    );
    socket.say('bcd').say('ef').fin();
    expect(await textsOf(reads)).toEqual(['a', 'bc', 'd', 'ef', '']);
    expect(order).toEqual(['a', 'bc', 'd', 'ef', '']);
  });

  test('the end is told to every call that waits, and to later ones', async () => {
    const { stream, socket } = await tunnel();
    const reads = [stream.read(), stream.read()];
    socket.fin();
    expect(await textsOf([...reads, stream.read()])).toEqual(['', '', '']);
  });

  test.each([0, -1, 1.5, Number.NaN])('of %d octets is refused: it would look like the end', async (count) => {
    const { stream, socket } = await tunnel();
    await failureOf(stream.read(count), RangeError);
    socket.say('x');
    expect(textOf(await stream.read())).toBe('x');
  });

  test('a limit ends its own call; the next gets what comes', async () => {
    const { stream, socket, environment } = await tunnel();
    const first = failureOf(stream.read(10, { timeout: 100 }), ReadTimeout);
    const second = stream.read(10, { timeout: '1s' });
    await environment.host.advance(101);
    expect((await first).message).toContain('100 ms');
    socket.say('late');
    expect(textOf(await second)).toBe('late');
    expect(environment.host.timersSet).toBeLessThanOrEqual(3);
  });

  test('a limit that is none, or an unknown option, is refused without throwing', async () => {
    const { stream } = await tunnel();
    await failureOf(stream.read(1, { timeout: -1 }), RangeError);
    await failureOf(stream.read(1, { timeuot: 1 } as object), TypeError);
  });

  test('close ends every call that waits, and later ones, also with octets unread', async () => {
    const { stream, socket } = await tunnel();
    const reads = [stream.read(), stream.read()].map((read) => failureOf(read, CloseError));
    stream.close();
    await Promise.all(reads);
    await failureOf(stream.read(), CloseError);
    expect(socket.closed).toBe(true);
    const other = await tunnel('unread');
    other.stream.close();
    other.stream.close();
    await failureOf(other.stream.read(), CloseError);
  });

  test('a failure comes after what was received', async () => {
    const { stream, socket } = await tunnel('early');
    const failure = new ReadError('gone');
    socket.fail(failure);
    await isSettled(stream.write(new Uint8Array(0)).catch(() => {}));
    expect(textOf(await stream.read())).toBe('early');
    await expect(stream.read()).rejects.toBe(failure);
    expect((await failureOf(stream.write(octets('x')), WriteError)).cause).toBe(failure);
  });

  test('a closed client ends it', async () => {
    const { stream, client } = await tunnel();
    const read = failureOf(stream.read(), CloseError);
    await client.aclose();
    await read;
  });

  test('reading pauses while much is unread, and goes on', async () => {
    const { stream, socket } = await tunnel();
    const piece = new Uint8Array(65536);
    for (let i = 0; i < 6; i++) socket.say(piece);
    socket.fin();
    await isSettled(Promise.resolve());
    expect(socket.reading).toBe(false);
    let count = 0;
    for (let read = await stream.read(); read.length > 0; read = await stream.read()) count += read.length;
    expect(count).toBe(6 * piece.length);
  });

  test('where a read cannot be taken back none is begun but for who reads, so that TLS can be started', async () => {
    const { stream, socket } = await tunnel('', {}, true);
    expect(socket.reading).toBe(false);
    const reads = [stream.read(), stream.read()];
    expect(socket.reading).toBe(true);
    socket.say('one');
    await reads[0];
    expect(socket.reading).toBe(true);
    socket.say('two');
    expect(await textsOf(reads)).toEqual(['one', 'two']);
    expect(socket.reading).toBe(false);
  });
});

describe('write', () => {
  test('waits until octets are taken, within its limit', async () => {
    const { stream, socket, environment } = await tunnel();
    socket.holdWrites();
    const slow = stream.write(octets('slow'), { timeout: '1s' });
    const late = failureOf(stream.write(octets('late'), { timeout: 100 }), WriteTimeout);
    await environment.host.advance(101);
    expect((await late).message).toContain('100 ms');
    expect(await isSettled(slow)).toBe(false);
    socket.releaseWrites();
    await slow;
    expect(socket.takeWritten()).toBe('slowlate');
  });

  test('takes octets only', async () => {
    const { stream } = await tunnel();
    await failureOf(stream.write('text' as unknown as Uint8Array), TypeError);
  });

  test('after closeWrite, or close, it is refused', async () => {
    const { stream, socket } = await tunnel();
    stream.closeWrite();
    stream.closeWrite();
    expect(socket.writeClosed).toBe(true);
    await failureOf(stream.write(octets('x')), CloseError);
    stream.close();
    await failureOf(stream.write(octets('x')), CloseError);
    expect(socket.takeWritten()).toBe('');
  });
});

describe('the place in the pool is free', () => {
  test('when both sides have ended, the peer first', async () => {
    const opened = await tunnel('rest');
    opened.socket.fin();
    expect(await isFree(opened)).toBe(false);
    opened.stream.closeWrite();
    expect(await isFree(opened)).toBe(true);
    expect(opened.socket.closed).toBe(true);
    expect(await textsOf([opened.stream.read(), opened.stream.read()])).toEqual(['rest', '']);
  });

  test('when both sides have ended, ours first', async () => {
    const opened = await tunnel();
    opened.stream.closeWrite();
    const read = opened.stream.read();
    expect(await isFree(opened)).toBe(false);
    opened.socket.fin();
    expect(textOf(await read)).toBe('');
    expect(await isFree(opened)).toBe(true);
  });

  test('not before what was written is taken', async () => {
    const opened = await tunnel();
    opened.socket.holdWrites();
    const write = opened.stream.write(octets('x'));
    opened.stream.closeWrite();
    opened.socket.fin();
    expect(await isFree(opened)).toBe(false);
    opened.socket.releaseWrites();
    await write;
    expect(await isFree(opened)).toBe(true);
  });
});

describe('readable', () => {
  test('is a byte stream: octets, then the end', async () => {
    const { stream, socket } = await tunnel('a');
    expect(stream.readable).toBe(stream.readable);
    socket.say('b').fin();
    const found: string[] = [];
    for await (const chunk of stream.readable) found.push(textOf(chunk));
    expect(found.join('')).toBe('ab');
  });

  test('fills a reader’s own memory', async () => {
    const { stream, socket } = await tunnel('abcde');
    const reader = stream.readable.getReader({ mode: 'byob' });
    const first = await reader.read(new Uint8Array(3));
    expect(textOf(first.value as Uint8Array)).toBe('abc');
    expect(textOf((await reader.read(new Uint8Array(8))).value as Uint8Array)).toBe('de');
    socket.fin();
    expect((await reader.read(new Uint8Array(8))).done).toBe(true);
  });

  test('nothing is read ahead of who asks', async () => {
    const { stream } = await tunnel('a');
    const reader = stream.readable.getReader();
    await isSettled(Promise.resolve());
    expect(textOf(await stream.read())).toBe('a');
    reader.releaseLock();
  });

  test('an element that the end cuts is an error of the stream, of nothing else', async () => {
    const { stream, socket } = await tunnel('abc');
    socket.fin();
    const reader = stream.readable.getReader({ mode: 'byob' });
    expect((await reader.read(new Uint16Array(2))).value).toHaveLength(1);
    await failureOf(reader.read(new Uint16Array(2)), TypeError);
  });

  test('close makes it fail, also while somebody waits', async () => {
    for (const waits of [true, false]) {
      const { stream } = await tunnel();
      const reader = stream.readable.getReader();
      const read = waits ? failureOf(reader.read(), CloseError) : null;
      stream.close();
      await read;
      await failureOf(reader.closed, CloseError);
    }
  });

  test('cancelling drops what comes; with our end the connection is closed', async () => {
    const opened = await tunnel('unread');
    const { stream, socket } = opened;
    await stream.readable.cancel();
    for (let i = 0; i < 6; i++) socket.say(new Uint8Array(65536));
    await stream.write(octets('still'));
    expect(socket.takeWritten()).toBe('still');
    expect(socket.reading).toBe(true);
    expect((await stream.read()).length).toBe(0);
    expect(await isFree(opened)).toBe(false);
    stream.closeWrite();
    expect(await isFree(opened)).toBe(true);
  });

  test('cancelling while a read waits ends that read', async () => {
    const { stream } = await tunnel();
    const reader = stream.readable.getReader();
    const read = reader.read();
    const other = stream.read();
    await reader.cancel();
    expect((await read).done).toBe(true);
    expect((await other).length).toBe(0);
  });
});

describe('writable', () => {
  test('writes one after the other, and waits for each', async () => {
    const { stream, socket } = await tunnel();
    expect(stream.writable).toBe(stream.writable);
    const writer = stream.writable.getWriter();
    socket.holdWrites();
    const writes = [writer.write(octets('a')), writer.write(octets('b'))];
    expect(await isSettled(writes[0] as Promise<void>)).toBe(false);
    expect(writer.desiredSize).toBeLessThanOrEqual(0);
    expect(socket.takeWritten()).toBe('a');
    socket.releaseWrites();
    await Promise.all(writes);
    expect(socket.takeWritten()).toBe('b');
    await writer.close();
    expect(socket.writeClosed).toBe(true);
    expect(socket.closed).toBe(false);
  });

  test('aborting closes the connection', async () => {
    const { stream, socket } = await tunnel();
    const read = failureOf(stream.read(), CloseError);
    await stream.writable.abort(new Error('enough'));
    await read;
    expect(socket.closed).toBe(true);
  });

  test('close, or a failure of the connection, makes it fail', async () => {
    const closed = await tunnel();
    const writer = closed.stream.writable.getWriter();
    closed.stream.close();
    await failureOf(writer.closed, CloseError);
    const broken = await tunnel();
    const other = broken.stream.writable.getWriter();
    broken.socket.fail(new ReadError('gone'));
    await failureOf(other.closed, WriteError);
  });

  test('what is no octets makes it fail', async () => {
    const { stream } = await tunnel();
    await failureOf(stream.writable.getWriter().write('text' as unknown as Uint8Array), TypeError);
  });

  test('both together: piped through to its own end', async () => {
    const opened = await tunnel('ping');
    opened.socket.fin();
    await opened.stream.readable.pipeTo(opened.stream.writable);
    expect(opened.socket.takeWritten()).toBe('ping');
    expect(await isFree(opened)).toBe(true);
  });
});

/** A proxy that answers 200 to CONNECT, then speaks TLS with `secure` and echoes; `clear`: sent in the clear behind the 200. */
async function proxy(
  secure: { cert: string; key: string } | null,
  clear = '',
): Promise<{ url: string; gone: Promise<void> }> {
  let closed = () => {};
  const gone = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', closed);
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\n\r\n${clear}`);
      if (secure === null) {
        socket.resume();
        return;
      }
      const upper = new TLSSocket(socket, { isServer: true, ...secure, ALPNProtocols: ['echo'] });
      upper.on('error', () => {});
      upper.on('data', (data: Buffer) => upper.write(`echo ${upper.servername || 'nobody'} ${data.toString()}`));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, gone };
}

async function connected(proxyUrl: string): Promise<{ stream: NetworkStream; client: AsyncClient }> {
  const client = openClient({ limits: { maxConnections: 1 } });
  const response = await client.stream('CONNECT', proxyUrl, { extensions: { target: 'far.test.invalid:443' } });
  return { stream: response.extensions.networkStream as NetworkStream, client };
}

describe('startTls', () => {
  const trusting = { verify: { ca: made.root.cert } };

  test('the stream goes on over TLS, by its calls and by its streams', async () => {
    const { url: proxyUrl, gone } = await proxy(made.server);
    const { stream } = await connected(proxyUrl);
    const { readable, writable } = stream;
    const secured = await stream.startTls({ ...trusting, serverHostname: 'far.test.invalid', alpn: ['echo'] });
    expect(secured).toBe(stream);
    await stream.write(octets('one'));
    expect(textOf(await stream.read())).toBe('echo far.test.invalid one');
    await writable.getWriter().write(octets('two'));
    expect(textOf((await readable.getReader().read()).value as Uint8Array)).toBe('echo far.test.invalid two');
    expect((stream.getExtraInfo('ssl_object') as TLSSocket).alpnProtocol).toBe('echo');
    stream.close();
    await gone;
  });

  test('the name is the connection’s, unless another is given; authorities may come from a file', async () => {
    const { url: proxyUrl } = await proxy(made.server);
    const { stream } = await connected(proxyUrl);
    await stream.startTls({ verify: filesOf({ ca: made.root.cert }).ca });
    await stream.write(octets('one'));
    expect(textOf(await stream.read())).toBe('echo nobody one');
    stream.close();
  });

  test('a certificate that is not trusted, or of another name, ends it all', async () => {
    for (const options of [{}, { ...trusting, serverHostname: 'other.invalid' }]) {
      const { url: proxyUrl, gone } = await proxy(made.server);
      const { stream } = await connected(proxyUrl);
      const error = await failureOf(stream.startTls(options), ConnectError);
      expect(error).toMatchObject({ phase: 'tls', retryable: false });
      await gone;
      await failureOf(stream.write(octets('secret')), WriteError);
      await failureOf(stream.read(), ConnectError);
    }
  });

  test('a handshake that never ends is ended by its limit, or by close', async () => {
    for (const timeout of [20, null]) {
      const { url: proxyUrl, gone } = await proxy(null);
      const { stream } = await connected(proxyUrl);
      const starting = stream.startTls({ ...trusting, timeout });
      const failure = timeout === null ? failureOf(starting, CloseError) : failureOf(starting, ConnectTimeout);
      await failureOf(stream.read(), LocalProtocolError);
      await failureOf(stream.write(octets('x')), LocalProtocolError);
      if (timeout === null) stream.close();
      await failure;
      await gone;
    }
  });

  test('octets in the clear are never taken for what came over TLS', async () => {
    const opened = await tunnel('evil');
    expect((await failureOf(opened.stream.startTls(trusting), LocalProtocolError)).message).toContain('4 octets');
    expect(opened.socket.tls).toBeNull();
    expect(textOf(await opened.stream.read())).toBe('evil');
  });

  test('nor started under a call that waits, or with options nobody reads', async () => {
    const { stream, socket } = await tunnel();
    const read = stream.read();
    await failureOf(stream.startTls(trusting), LocalProtocolError);
    await failureOf(stream.startTls({ serverName: 'x' } as object), TypeError);
    expect(socket.tls).toBeNull();
    stream.close();
    await failureOf(read, CloseError);
    await failureOf(stream.startTls(trusting), CloseError);
  });

  test('what a host is asked for', async () => {
    const { stream, socket } = await tunnel();
    await stream.startTls({ verify: false, alpn: ['x'] });
    expect(socket.tls).toMatchObject({
      hostname: 'fake.invalid',
      serverName: 'fake.invalid',
      alpn: ['x'],
      verify: false,
    });
  });

  test('the name is that of the request’s URL where a proxy forwarded it', async () => {
    const { stream, socket } = await tunnel('', { proxy: 'http://proxy.invalid:3128' });
    await stream.startTls({ verify: false });
    expect(socket.tls).toMatchObject({ hostname: 'fake.invalid', serverName: 'fake.invalid' });
  });
});
