/** The test server itself: a server that does not do what its script says would prove nothing of the client. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, test } from 'vitest';
import { certificates } from '../support/certificates.js';
import { dialogue, gate } from '../support/dialogue.js';
import { answer, textOf } from '../support/octets.js';
import { dialogueOf } from '../support/scenario-steps.js';
import { serve } from '../support/scripted-server.js';

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

test('a dialogue answers request by request and records each', async () => {
  const server = await serve(dialogue().hear().say(answer('one')).hear().say(answer('two')).fin());
  const socket = connect(server.port, '127.0.0.1');
  let heard = '';
  socket.on('data', (chunk: Buffer) => {
    heard += textOf(chunk);
    if (heard.endsWith('one'))
      socket.write('POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n');
  });
  socket.write(get);
  await once(socket, 'end');
  socket.destroy();
  await server.emptied();
  expect(heard).toBe(answer('one') + answer('two'));
  expect(server.peer(0).requests.map((request) => [request.method, request.target, textOf(request.body)])).toEqual([
    ['GET', '/', ''],
    ['POST', '/b', 'abc'],
  ]);
});

test('a connection without a script is counted and reset', async () => {
  const server = await serve([]);
  const socket = connect(server.port, '127.0.0.1');
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNRESET');
  expect(server.accepted).toBe(1);
});

test('octets count as taken when the kernel has them, so a deaf client bounds what a server can say', async () => {
  const server = await serve(dialogue().hearHead().sayForever('x'));
  const socket = connect({
    port: server.port,
    host: '127.0.0.1',
    onread: { buffer: new Uint8Array(64), callback: () => false },
  });
  socket.write(get);
  await server.until(() => server.peers.length === 1);
  const last = await server.takenAtRest();
  expect(last).toBeGreaterThan(1000);
  expect(last).toBeLessThan(60 * 1024 * 1024);
  socket.destroy();
  await server.emptied();
});

test('a gate holds the dialogue until the test opens it', async () => {
  const opened = gate();
  const server = await serve(dialogue().hear().until(opened).say(answer('late')));
  const socket = connect(server.port, '127.0.0.1');
  socket.write(get);
  await server.until(() => server.heads.length === 1);
  expect(server.octetsTaken).toBe(0);
  opened.open();
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  expect(textOf(chunk)).toBe(answer('late'));
  socket.destroy();
});

test('a thread that blocks is served all the same, and can look at its server', async () => {
  const [heard, opened] = [gate(), gate()];
  const server = await serve(dialogue().hear().open(heard).until(opened).say(answer('late')).stall());
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(get);
  server.blockUntil(() => heard.isOpen);
  expect(server.heads).toEqual([get]);
  expect(server.peer(0).requests[0]?.body.length).toBe(0);
  opened.open();
  server.blockUntil(() => server.octetsTaken === answer('late').length);
  socket.destroy();
});

test('a server whose gate was never opened can be closed, and is no longer asked anything', async () => {
  const server = await serve(dialogue().until(gate()).say('never'));
  const socket = connect(server.port, '127.0.0.1').on('error', () => {});
  await server.until(() => server.begun === 1);
  await server.close();
  expect(() => server.accepted).toThrow('Cannot ask the server: it is closed');
  socket.destroy();
});

test('what goes wrong in a script is told when its server is closed', async () => {
  const server = await serve(dialogue().say(17 as unknown as string));
  const socket = connect(server.port, '127.0.0.1').on('error', () => {});
  await server.until(() => server.begun === 1);
  await expect(server.close()).rejects.toBeInstanceOf(TypeError);
  socket.destroy();
});

test('the time in which a client closes is noted, and that it did not', async () => {
  const server = await serve([dialogue().hearHead().hearClose(20_000), dialogue().hearHead().hearClose(20)]);
  const quick = connect(server.port, '127.0.0.1').on('connect', () => quick.end(get));
  await server.until(() => server.peers[0]?.finished === true);
  const slow = connect(server.port, '127.0.0.1').on('connect', () => slow.write(get));
  await server.until(() => server.peers[1]?.finished === true);
  expect(server.peer(0).closes).toEqual([expect.any(Number)]);
  expect(server.peer(1).closes).toEqual([null]);
  quick.destroy();
  slow.destroy();
});

test('a reset is a reset and a half close leaves the other side open', async () => {
  const server = await serve([dialogue().hearHead().reset(), dialogue().hearHead().fin().hearOctets(2).say('')]);
  const broken = connect(server.port, '127.0.0.1').on('connect', () => broken.write(get));
  const [error] = (await once(broken, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNRESET');
  const half = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
  half.write(get);
  half.resume();
  await once(half, 'end');
  half.end('ok');
  await server.until(() => server.peers[1]?.octetsHeard === get.length + 2);
});

test('over TLS the certificate is that of the test authority and sessions are resumed', async () => {
  const made = await certificates();
  const server = await serve(dialogue().hear().say(answer('secure')), { tls: made.server, repeatLast: true });
  let session: Buffer | undefined;
  for (let turn = 0; turn < 2; turn++) {
    const socket = connectTls({
      port: server.port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: made.root.cert,
      ...(session === undefined ? {} : { session }),
    });
    socket.on('session', (given: Buffer) => {
      session = given;
    });
    socket.write(get);
    await once(socket, 'data');
    expect(socket.authorized).toBe(true);
    socket.destroy();
  }
  await server.emptied();
  expect([server.handshakes, server.resumptions]).toEqual([2, 1]);
});

test('accept-only says nothing, not even a handshake', async () => {
  const { server: leaf } = await certificates();
  const server = await serve(dialogueOf([{ accept_only: true }, { wait_ms: 20000 }]), { tls: leaf });
  const socket = connectTls({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false });
  socket.on('error', () => {});
  await server.until(() => server.peers.length === 1 && server.peer(0).octetsHeard > 0);
  expect(server.handshakes).toBe(0);
  socket.destroy();
  await server.emptied();
});

test('a step that is not known is refused', () => {
  expect(() => dialogueOf([{ sing: true }])).toThrow('it is not known');
});
