/** `resolve` and `allowAddress`: only what they clearly allow is connected to, and a refusal is no reason to try again. */
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ConnectError } from '../../src/index.js';
import { failureOf, openClient } from '../support/client.js';
import { serve } from '../support/scripted-server.js';

test.each([
  ['a promise', async () => false, 'a promise'],
  ['a promise of true', async () => true, 'a promise'],
  ['something truthy', () => 'yes', 'yes'],
  ['nothing', () => undefined, 'undefined'],
])('allowAddress that answers with %s allows nothing', async (_name, allowAddress, got) => {
  const server = await serve([]);
  const client = openClient({ allowAddress: allowAddress as unknown as (ip: string) => boolean });
  for (const host of ['127.0.0.1', 'localhost']) {
    const error = await failureOf(client.get(`http://${host}:${server.port}/`), ConnectError);
    expect(error.message).toContain(`allowAddress must answer true or false at once, got ${got}`);
    expect(error.retryable).toBe(false);
  }
  expect(server.accepted).toBe(0);
});

test.each([
  ['null', null, 'must answer with IP addresses, got null'],
  ['no address', [], 'answered with no address'],
  ['a name', ['example.invalid'], '"example.invalid", which is not an IP address'],
])('resolve that answers with %s is a mistake that repeating does not mend', async (_name, answer, message) => {
  const client = openClient({ resolve: () => answer as string[] });
  const error = await failureOf(client.get('http://name.invalid/'), ConnectError);
  expect(error.message).toContain(message);
  expect([error.phase, error.sent, error.retryable]).toEqual(['dns', 'none', false]);
});

test('TLS to a server that speaks none is said in words', async () => {
  const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const error = await failureOf(openClient().get(`https://127.0.0.1:${port}/`), ConnectError);
  expect(error.message).toBe(
    `Cannot set up TLS with 127.0.0.1:${port}: the server does not speak TLS (wrong version number)`,
  );
});
