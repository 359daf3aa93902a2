/** Node.js streams as request bodies of AsyncClient (a blocking call can wait for none): read once, destroyed when nobody wants them. */
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { ConnectError, StreamConsumed } from '../../src/index.js';
import { failureOf, openClient } from '../support/client.js';
import { dialogue } from '../support/dialogue.js';
import { serve } from '../support/scripted-server.js';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

test('a stream is sent chunk by chunk, and cannot be sent again', async () => {
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

test('a stream that was never begun is destroyed when the connect fails', async () => {
  const content = new Readable({ read() {} });
  await failureOf(openClient().post('http://127.0.0.1:1/', { content }), ConnectError);
  expect(content.destroyed).toBe(true);
});

test('a stream is destroyed when a response comes before its end', async () => {
  const server = await serve([
    dialogue().hearHead().say('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n').stall(),
  ]);
  const content = new Readable({ read() {} });
  content.push('begun');
  expect((await openClient().post(server.url, { content })).statusCode).toBe(413);
  await new Promise((resolve) => setImmediate(resolve));
  expect(content.destroyed).toBe(true);
});
