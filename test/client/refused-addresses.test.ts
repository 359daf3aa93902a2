/** `resolve` and `allowAddress`: only what they clearly allow is connected to, and a refusal is no reason to try again. */
import { describe, expect, test } from 'vitest';
import { ConnectError } from '../../src/index.js';
import { failureOf } from '../support/client.js';
import { clients } from '../support/clients.js';
import { dialogue } from '../support/dialogue.js';
import { serve } from '../support/scripted-server.js';

describe.each(clients)('$name', (kind) => {
  test.each([
    ['a promise', async () => false, 'a promise'],
    ['a promise of true', async () => true, 'a promise'],
    ['something truthy', () => 'yes', 'yes'],
    ['nothing', () => undefined, 'undefined'],
  ])('allowAddress that answers with %s allows nothing', async (_name, allowAddress, got) => {
    const server = await serve([]);
    const client = kind.open({ allowAddress: allowAddress as unknown as (ip: string) => boolean });
    for (const host of ['127.0.0.1', 'localhost']) {
      const error = await failureOf(() => client.get(`http://${host}:${server.port}/`), ConnectError);
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
    const client = kind.open({ resolve: () => answer as string[] });
    const error = await failureOf(() => client.get('http://name.invalid/'), ConnectError);
    expect(error.message).toContain(message);
    expect([error.phase, error.sent, error.retryable]).toEqual(['dns', 'none', false]);
  });

  test('TLS to a server that speaks none is said in words', async () => {
    const server = await serve(dialogue().say('HTTP/1.1 400 Bad Request\r\n\r\n').fin());
    const { port } = server;
    const error = await failureOf(() => kind.open().get(`https://127.0.0.1:${port}/`), ConnectError);
    expect(error.message).toBe(
      `Cannot set up TLS with 127.0.0.1:${port}: the server does not speak TLS (wrong version number)`,
    );
  });
});
