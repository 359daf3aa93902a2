/** Errors arise where the network is heard; their stacks must nevertheless lead to the code that made the call. */
import { expect, test } from 'vitest';
import { ConnectError, RemoteProtocolError } from '../../src/index.js';
import { failureOf, openClient } from '../support/client.js';
import { dialogue } from '../support/dialogue.js';
import { serve } from '../support/scripted-server.js';

test('the stack of a failed call names the async functions that await it, once', async () => {
  const client = openClient();
  async function fetchesSomething(): Promise<unknown> {
    const response = await client.get('http://127.0.0.1:1/');
    return response;
  }
  async function wantsSomething(): Promise<unknown> {
    return [await fetchesSomething()];
  }
  const error = await failureOf(wantsSomething(), ConnectError);
  const { stack = '' } = error;
  expect(stack).toMatch(/fetchesSomething[\s\S]*wantsSomething/);
  expect(stack.match(/fetchesSomething/g)).toHaveLength(1);
});

test('the same for reading a body, and for calls at once', async () => {
  const server = await serve([dialogue().hear().say('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf').fin()]);
  const client = openClient();
  const response = await client.stream('GET', server.url);
  async function readsIt(): Promise<void> {
    await response.aread();
  }
  expect((await failureOf(readsIt(), RemoteProtocolError)).stack).toMatch(/readsIt/);
  async function asksAll(): Promise<void> {
    await Promise.all([client.get('http://127.0.0.1:1/')]);
  }
  expect((await failureOf(asksAll(), ConnectError)).stack).toMatch(/asksAll/);
});

test('a reason given by the caller is left as it is', async () => {
  const client = openClient();
  const reason = new Error('changed my mind');
  const { stack } = reason;
  await expect(client.get('http://127.0.0.1:1/', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(reason.stack).toBe(stack);
});
