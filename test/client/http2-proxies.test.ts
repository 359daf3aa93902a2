/** HTTP/2 with an origin behind a proxy: a burst shares one tunnel, and the origin's TLS chooses the protocol. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import { type AddressInfo, connect, type Server } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { certificates } from '../support/certificates.js';
import { openClient } from '../support/client.js';

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** Answers each request with its path. */
async function openOrigin(): Promise<{ readonly port: number; readonly ca: string }> {
  const { root, server } = await certificates();
  const origin = createSecureServer({ ...server, allowHTTP1: false });
  origin.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    stream.respond({ ':status': 200 });
    stream.end(String(headers[':path']));
  });
  return { port: await listening(origin), ca: root.cert };
}

test('a burst through CONNECT shares one tunnel', async () => {
  const origin = await openOrigin();
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, socket, head) => {
    asked.push(request.url ?? '');
    const up = connect(origin.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      up.write(head);
      up.pipe(socket).pipe(up);
    });
    up.on('error', () => socket.destroy());
    socket.on('error', () => up.destroy());
  });
  const proxyUrl = `http://127.0.0.1:${await listening(proxy)}`;
  const client = openClient({ http2: true, verify: { ca: origin.ca }, proxy: proxyUrl });
  const paths = Array.from({ length: 30 }, (_, i) => `/${i}`);
  const responses = await Promise.all(paths.map((path) => client.get(`https://localhost:${origin.port}${path}`)));
  expect(responses.map(({ httpVersion, text }) => [httpVersion, text])).toEqual(paths.map((path) => ['HTTP/2', path]));
  expect(asked).toEqual([`localhost:${origin.port}`]);
  await client.aclose();
});
