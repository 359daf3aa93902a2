/** Uploads that go on behind the head of a success, on real sockets: what the server has of them, over each version and TLS. */
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { TransportError } from '../../src/index.js';
import { certificates } from '../support/certificates.js';
import { errorOf, openClient } from '../support/client.js';
import { clients } from '../support/clients.js';
import { dialogue } from '../support/dialogue.js';
import { gate } from '../support/gate.js';
import { patternOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const made = await certificates();

describe.each(clients)('$name on real sockets', (kind) => {
  test.each([
    ['HTTP', null],
    ['HTTPS', made.server],
  ])('the server has the whole body of an upload that it answered early, over %s', async (_name, tls) => {
    const body = patternOf(3 << 20);
    const script = dialogue()
      .hearHead()
      .say(`${CHUNKED}3\r\none\r\n`)
      .hearOctets(body.length)
      .say('3\r\ntwo\r\n0\r\n\r\n')
      .stall();
    const server = await serve(script, tls === null ? {} : { tls });
    const client = kind.open({ verify: { ca: made.root.cert } });
    expect((await client.post(server.url, { content: body })).text).toBe('onetwo');
  });
});

test('AsyncClient: a source is not asked for what goes nowhere while nobody reads the response', async () => {
  const opened = gate();
  const unread = `${(2 << 20).toString(16)}\r\n${'x'.repeat(1 << 20)}`;
  const server = await serve(dialogue().hearHead().say(`${CHUNKED}${unread}`).until(opened).reset());
  const turns = async (count: number) => {
    for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  let pulled = 0;
  const content = async function* () {
    for (;;) {
      pulled++;
      yield new Uint8Array(16384);
      await turns(1);
    }
  };
  const response = await openClient({ timeout: null }).stream('POST', server.url, { content: content() });
  await turns(200);
  opened.open();
  for (let before = -1; before !== pulled; ) {
    before = pulled;
    await turns(50);
  }
  expect(await errorOf(response.aread())).toBeInstanceOf(TransportError);
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Where an HTTP server of one of three kinds listens until the test ends; that of HTTP/2 has the others' interface. */
async function listening(kind: 'http' | 'https' | 'http2', handle: Handler): Promise<string> {
  const { cert, key } = made.server;
  const server: Server =
    kind === 'http'
      ? http.createServer(handle)
      : kind === 'https'
        ? https.createServer({ cert, key }, handle)
        : http2.createSecureServer({ cert, key }, handle as never);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return `${kind === 'http' ? 'http' : 'https'}://127.0.0.1:${port}/`;
}

describe.each(['http', 'https', 'http2'] as const)('AsyncClient and a server of node:%s', (kind) => {
  const settings = { verify: { ca: made.root.cert }, http2: kind === 'http2' };

  test('that echoes: three megabytes there and back, which no buffer holds', async () => {
    const echo = await listening(kind, (request, response) => {
      response.writeHead(200);
      response.flushHeaders();
      request.pipe(response);
    });
    const client = openClient(settings);
    const body = patternOf(3 << 20);
    const pieces = function* () {
      for (let at = 0; at < body.length; at += 50_000) yield body.subarray(at, at + 50_000);
    };
    for (const content of [body, pieces(), new Blob([body]).stream()]) {
      const response = await client.post(echo, { content });
      expect(Buffer.compare(response.content, body)).toBe(0);
    }
    await client.aclose();
  });

  test('that says success before it has read', async () => {
    let heard = 0;
    const counting = await listening(kind, (request, response) => {
      response.writeHead(200);
      response.flushHeaders();
      request.on('data', (piece: Buffer) => {
        heard += piece.length;
      });
      request.on('end', () => void response.end(`${heard}`));
    });
    const client = openClient(settings);
    const slow = async function* () {
      for (let i = 0; i < 5; i++) {
        yield patternOf(10_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    expect((await client.post(counting, { content: slow() })).text).toBe('50000');
    await client.aclose();
  });
});
