/** Node.js streams as request bodies: read once, destroyed when nobody wants them. */
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import * as httpx from '../../src/index.js';
import { AsyncHTTPTransport, ConnectError, Request, StreamConsumed } from '../../src/index.js';
import { failureOf, openClient } from '../support/client.js';
import { dialogue } from '../support/dialogue.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

test('one is sent chunk by chunk, and cannot be sent again', async () => {
  const server = await serve([dialogue().hear().say(OK).hear().say(OK).stall()]);
  const client = openClient();
  const request = client.buildRequest('POST', server.url, {
    content: Readable.from([Buffer.from('one '), Buffer.from('two')]),
  });
  expect(request.isReplayable).toBe(false);
  expect((await client.send(request)).statusCode).toBe(200);
  expect(server.peer(0).requests[0]?.body.toString()).toBe('one two');
  await failureOf(client.send(request), StreamConsumed);
});

test('one that never was begun is destroyed when the connect fails', async () => {
  const content = new Readable({ read() {} });
  await failureOf(openClient().post('http://127.0.0.1:1/', { content }), ConnectError);
  expect(content.destroyed).toBe(true);
});

test('one is destroyed when a response comes before its end', async () => {
  const server = await serve([
    dialogue().hearHead().say('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n').stall(),
  ]);
  const content = new Readable({ read() {} });
  content.push('begun');
  expect((await openClient().post(server.url, { content })).statusCode).toBe(413);
  await new Promise((resolve) => setImmediate(resolve));
  expect(content.destroyed).toBe(true);
});

test('a function that gets 101 leaves no connection behind; stream hands it out', async () => {
  const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
  const server = await serve([dialogue().hear().say(switching).stall(), dialogue().hear().say(switching).stall()]);
  const headers = { Connection: 'Upgrade', Upgrade: 'echo' };
  expect((await httpx.get(server.url, { headers })).statusCode).toBe(101);
  await server.until(() => server.openSockets === 0);
  const response = await httpx.stream('GET', server.url, { headers });
  expect(server.openSockets).toBe(1);
  await response.aclose();
  await server.until(() => server.openSockets === 0);
});

test('a transport used without a client sends nothing of the credentials in a URL: who sends is the client’s to say', async () => {
  const server = await serve([dialogue().hear().say(answer('ok'))]);
  const transport = new AsyncHTTPTransport();
  const request = new Request('GET', server.url.replace('//', '//user:secret@'));
  const response = await transport.handleAsyncRequest(request);
  expect(new TextDecoder().decode(await response.aread())).toBe('ok');
  expect(server.peer(0).heads.join()).not.toMatch(/user|secret|authorization/i);
  await transport.aclose();
});
