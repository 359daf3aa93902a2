/** TLS of blocking sockets: every option works in the worker, and failures say what they say on asynchronous sockets. */
import { createHash, X509Certificate } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { openConnector } from '#blocking';
import { connector as asyncConnector } from '#sockets';
import type { ConnectError } from '../../src/exceptions.js';
import type { Socket, TlsMaterial, TlsTarget } from '../../src/hosts/socket.js';
import {
  addressOf,
  cancelOf,
  connectTo,
  goneFrom,
  type Line,
  lineOf,
  settled,
  waitUntil,
} from '../support/blocking.js';
import { certificates } from '../support/certificates.js';
import { always, type Dialogue, dialogue } from '../support/dialogue.js';
import { octetsOf, patternOf } from '../support/octets.js';
import { type ScriptOptions, serve } from '../support/scripted-server.js';
import { materialOf } from '../support/tls-material.js';

const made = await certificates();
const shared = openConnector();
afterAll(() => shared.close());

function targetOf(options: TlsMaterial, more: Partial<TlsTarget> = {}): TlsTarget {
  return { hostname: 'localhost', serverName: 'localhost', alpn: [], verify: true, options, sessions: null, ...more };
}

const trusting = materialOf({ ca: [made.root.cert] });

function secureServer(options: Partial<ScriptOptions> = {}, script: Dialogue = always('')) {
  return serve(script, { tls: made.server, repeatLast: true, ...options });
}

function connect(port: number, tls: TlsTarget): Line {
  return connectTo(port, { tls }, shared);
}

/** Class, message, phase and cause of an error. OpenSSL's begin with the number of a thread. */
function told(error: unknown): string {
  const { phase, cause } = error as ConnectError & { readonly cause?: NodeJS.ErrnoException };
  return `${error} | ${phase} | ${cause?.code} ${cause?.message.replace(/^[0-9A-F]+:/, '')}`;
}

/** How connecting fails on asynchronous and on blocking sockets. */
async function failures(port: number, tls: TlsTarget): Promise<readonly string[]> {
  const address = addressOf(port, { tls });
  const asynchronous = Promise.resolve(asyncConnector.connect(address, cancelOf())).then(() => 'connected', told);
  const blocking = (): string => {
    try {
      settled(shared.connect(address, cancelOf()));
      return 'connected';
    } catch (error) {
      return told(error);
    }
  };
  return [await asynchronous, blocking()];
}

function pinOf(cert: string): string {
  const key = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('base64');
}

describe('options', () => {
  test.each<[string, TlsTarget, Partial<ScriptOptions>?]>([
    ['an authority', targetOf(trusting)],
    ['an authority as octets', targetOf(materialOf({ ca: [new Uint8Array(Buffer.from(made.root.cert))] }))],
    ['no check', targetOf(materialOf(), { verify: false }), { tls: made.stranger }],
    ['a pin', targetOf({ ...trusting, pins: [pinOf(made.server.cert)] })],
    ['a version', targetOf({ ...trusting, minVersion: 'TLSv1.3' })],
    ['another name', targetOf(trusting, { hostname: 'other.invalid', serverName: null }), { tls: made.otherName }],
  ])('%s', async (_name, target, options = {}) => {
    const server = await secureServer(options, dialogue().say('secure').fin());
    const line = connect(server.port, target);
    waitUntil(line, () => line.heard.ends.length > 0);
    expect(line.heard.text).toBe('secure');
    expect(server.handshakes).toBe(1);
  });

  test('a client certificate and its key', async () => {
    const server = await secureServer({ tls: { ...made.server, clientCa: made.root.cert } }, dialogue().stall());
    const { cert, key } = made.client;
    connect(server.port, targetOf({ ...trusting, cert, key }));
    await server.until(() => server.begun === 1);
    expect(server.peer(0).tls).toEqual({ servername: 'localhost', clientName: 'A client' });
  });

  test('the protocol that was agreed on', async () => {
    const server = await secureServer({ tls: { ...made.server, alpn: ['http/1.1', 'h2'] } });
    expect(connect(server.port, targetOf(trusting, { alpn: ['h2'] })).socket.alpn).toBe('h2');
    expect(connect(server.port, targetOf(trusting)).socket.alpn).toBeNull();
  });

  test('phases and times', async () => {
    const server = await secureServer();
    const cancel = cancelOf();
    settled(shared.connect(addressOf(server.port, { tls: targetOf(trusting) }), cancel));
    expect(cancel.phase).toBe('tls');
    expect(cancel.securedAt).toBeGreaterThanOrEqual(cancel.connectedAt);
    expect(cancel.connectedAt).toBeGreaterThan(0);
  });

  test('options that no thread can be handed are refused', () => {
    const options = { ca: () => 'a function' } as unknown as TlsMaterial;
    expect(() => shared.connect(addressOf(1, { tls: targetOf(options) }), cancelOf())).toThrow(
      /^Cannot set up TLS with 127\.0\.0\.1:1: .*could not be cloned/,
    );
    expect(() => shared.connect(addressOf(1, { tls: targetOf(options) }), cancelOf())).toThrow('could not be cloned');
  });

  test('more options and sessions than are remembered', async () => {
    const server = await secureServer({}, dialogue().stall());
    const early = targetOf({ ...trusting });
    connect(server.port, early).socket.close();
    for (let i = 0; i < 70; i++) connect(server.port, targetOf({ ...trusting })).socket.close();
    connect(server.port, early).socket.close();
    await server.until(() => server.handshakes === 72);
  });
});

describe('a failure says what the asynchronous one says', () => {
  test.each<[string, TlsTarget, Partial<ScriptOptions>?]>([
    ['an unknown authority', targetOf(trusting), { tls: made.stranger }],
    ['a certificate that has expired', targetOf(trusting), { tls: made.expired }],
    ['a certificate for another name', targetOf(trusting), { tls: made.otherName }],
    ['a pin that does not fit', targetOf({ ...trusting, pins: [pinOf(made.stranger.cert)] })],
    ['an authority that is none', targetOf(materialOf({ ca: ['not PEM'] }))],
    ['a key that does not fit', targetOf({ ...trusting, cert: made.client.cert, key: made.server.key })],
    ['a key that is none', targetOf({ ...trusting, cert: made.client.cert, key: 'not PEM' })],
  ])('%s', async (_name, target, options = {}) => {
    const server = await secureServer(options);
    const [asynchronous, blocking] = await failures(server.port, target);
    expect(asynchronous).toMatch(/^ConnectError: .* \| tls \| /);
    expect(blocking).toBe(asynchronous);
    expect(server.octetsHeard).toBe(0);
  });

  test.each([
    ['a peer that speaks no TLS', dialogue().say('HTTP/1.1 400 Bad Request\r\n\r\n').stall()],
    ['a peer that resets', dialogue().hearOctets(1).reset()],
    ['a peer that closes', dialogue().hearOctets(1).fin()],
  ])('%s', async (_name, script) => {
    const server = await serve(script, { repeatLast: true });
    const [asynchronous, blocking] = await failures(server.port, targetOf(trusting));
    expect(asynchronous).toMatch(/^ConnectError: .* \| tls \| /);
    expect(blocking).toBe(asynchronous);
  });
});

describe('sessions', () => {
  test('are resumed by who shares them, and by nobody else', async () => {
    const server = await secureServer({}, dialogue().say('x').stall());
    const [one, other] = [{ session: null }, { session: null }];
    const once = (sessions: { session: unknown }): void => {
      const line = connect(server.port, targetOf(trusting, { sessions }));
      waitUntil(line, () => line.heard.text === 'x');
      line.socket.close();
    };
    for (const sessions of [one, one, other, one]) once(sessions);
    await server.until(() => server.handshakes === 4);
    expect(server.resumptions).toBe(2);
  });
});

describe('octets', () => {
  test('much, both ways', async () => {
    const octets = patternOf(3 * 1024 * 1024 + 5);
    const server = await secureServer({}, dialogue().hearInAll(octets.length).say(octets).fin());
    const line = connect(server.port, targetOf(trusting));
    settled(line.socket.write('', octets));
    waitUntil(line, () => line.heard.ends.length > 0);
    expect(octetsOf(line.heard.octetsInAll).equals(octets)).toBe(true);
    expect(server.peer(0).octets.equals(octets)).toBe(true);
  });
});

describe('TLS over a connection', () => {
  function secured(line: Line, target: TlsTarget, cancel = cancelOf()): Socket {
    return settled(line.socket.startTls(target, cancel));
  }

  test('is set up on what was a plain socket', async () => {
    const server = await startTlsServer('secret');
    const line = connectTo(server.port, {}, shared);
    line.socket.write('please', null);
    waitUntil(line, () => line.heard.text === 'ready');
    const cancel = cancelOf();
    const upper = lineOf(secured(line, targetOf(trusting), cancel));
    expect([cancel.phase, line.socket.sink]).toEqual(['tls', null]);
    settled(upper.socket.write('hello', null));
    waitUntil(upper, () => upper.heard.text === 'secret');
    expect(upper.socket.info('server_addr')).toEqual(['127.0.0.1', server.port]);
    upper.socket.close();
    await server.closed;
    expect(await server.heard).toEqual(['please', 'hello']);
  });

  test('fails as on asynchronous sockets, and the connection is closed', async () => {
    const server = await serve(dialogue().hearOctets(1).say('not TLS').stall(), { repeatLast: true });
    const asynchronous = await asyncConnector.connect(addressOf(server.port), cancelOf());
    const expected = await Promise.resolve(asynchronous.startTls(targetOf(trusting), cancelOf())).then(
      () => 'secured',
      (error: Error) => error.message,
    );
    expect(expected).toContain('Cannot set up TLS with 127.0.0.1');
    expect(() => secured(connectTo(server.port, {}, shared), targetOf(trusting))).toThrow(expected);
    await goneFrom(server);
  });

  test('what came in the clear before it cannot pass for what comes after', async () => {
    const server = await serve(dialogue().say('injected').stall());
    const line = connectTo(server.port, {}, shared);
    await server.until(() => server.octetsTaken === 8);
    // Nobody has looked: it is in the ring, or still on its way there.
    expect(() => secured(line, targetOf(trusting))).toThrow(/^Cannot set up TLS with 127\.0\.0\.1:\d+: /);
    await goneFrom(server);
  });

  test('with options that no thread can be handed, or on a socket that is closed: ConnectError', async () => {
    const server = await serve(dialogue().stall(), { repeatLast: true });
    const line = connectTo(server.port, {}, shared);
    const options = { ca: () => 'a function' } as unknown as TlsMaterial;
    expect(() => line.socket.startTls(targetOf(options), cancelOf())).toThrow(
      /^Cannot set up TLS with 127\.0\.0\.1:\d+: .*could not be cloned/,
    );
    line.socket.close();
    expect(() => secured(line, targetOf(trusting))).toThrow(
      /^Cannot set up TLS with 127\.0\.0\.1:\d+: the socket was closed on this side$/,
    );
    connectTo(server.port, {}, shared).socket.close();
    await goneFrom(server);
  });

  test('given up in the middle: the connection is destroyed', async () => {
    const server = await serve(dialogue().stall());
    const line = connectTo(server.port, {}, shared);
    const cancel = cancelOf();
    line.socket.startTls(targetOf(trusting), cancel);
    server.blockUntil(() => server.octetsHeard > 0);
    cancel.cancelled = true;
    cancel.onCancel?.();
    await goneFrom(server);
  });
});

/** A server in a thread of its own: hears something, says `ready`, sets up TLS, hears more, and answers. */
async function startTlsServer(answer: string) {
  const { Worker } = await import('node:worker_threads');
  const code = `
    const { createServer } = require('node:net');
    const { TLSSocket } = require('node:tls');
    const { parentPort, workerData } = require('node:worker_threads');
    const server = createServer((raw) => {
      raw.on('error', () => {});
      raw.once('data', (clear) => {
        raw.pause();
        const upper = new TLSSocket(raw, { isServer: true, ...workerData.tls });
        upper.on('error', () => {});
        upper.once('data', (secret) => {
          parentPort.postMessage([String(clear), String(secret)]);
          upper.write(workerData.answer);
        });
        upper.once('close', () => server.close());
        raw.write('ready');
      });
    });
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
  `;
  const worker = new Worker(code, { eval: true, execArgv: [], workerData: { answer, tls: made.server } });
  const next = () => new Promise<unknown>((resolve) => worker.once('message', resolve));
  const closed = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const port = (await next()) as number;
  return { port, heard: next() as Promise<string[]>, closed };
}
