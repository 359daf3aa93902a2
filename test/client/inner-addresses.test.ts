/**
 * SECURITY 6.11: `allowAddress` is asked for every connect, after DNS: first ones, redirects, tries again. What it allowed is
 * what is connected to, whatever DNS says a moment later.
 */
import { describe, expect, test } from 'vitest';
import { ConnectError } from '../../src/index.js';
import { failureOf } from '../support/client.js';
import { clients } from '../support/clients.js';
import { always, dialogue } from '../support/dialogue.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

/** Everything but 127.0.0.2 is outside. */
const outside = (ip: string): boolean => ip !== '127.0.0.2';
const redirect = (to: string): string => `HTTP/1.1 302 Found\r\nLocation: ${to}\r\nContent-Length: 0\r\n\r\n`;

describe.each(clients)('$name', (kind) => {
  test.each([
    ['an address', '127.0.0.2'],
    ['a name', 'inner.invalid'],
    ['an IPv4-mapped address', '[::ffff:127.0.0.2]'],
  ])('a redirect to %s inside gets no octet', async (_name, host) => {
    const inner = await serve(always(answer('secret')), { host: '127.0.0.2', repeatLast: true });
    const outer = await serve(always(redirect(`http://${host}:${inner.port}/`)));
    const asked: string[] = [];
    const client = kind.open({
      followRedirects: true,
      resolve: () => '127.0.0.2',
      allowAddress: (ip) => {
        asked.push(ip);
        return outside(ip) && !ip.startsWith('::ffff:');
      },
    });
    const error = await failureOf(() => client.get(outer.url), ConnectError);
    expect(error.message).toContain('allowAddress refused');
    expect(error).toMatchObject({ sent: 'none', retryable: false });
    expect(asked.length).toBe(2);
    expect([outer.accepted, inner.accepted]).toEqual([1, 0]);
  });

  test('a name that leads inside the second time is asked about the second time', async () => {
    const inner = await serve(always(answer('secret')), { host: '127.0.0.2', repeatLast: true });
    const outer = await serve(always(redirect(`http://rebind.invalid:${inner.port}/`)), { repeatLast: true });
    const answers = ['127.0.0.1', '127.0.0.2'];
    const client = kind.open({
      followRedirects: true,
      resolve: () => answers.shift() ?? '127.0.0.2',
      allowAddress: outside,
    });
    await failureOf(() => client.get(outer.urlFor('rebind.invalid')), ConnectError);
    expect([outer.accepted, inner.accepted]).toEqual([1, 0]);
  });

  test('of several addresses those inside are left out', async () => {
    const inner = await serve(always(answer('secret')), { host: '127.0.0.2', repeatLast: true });
    const client = kind.open({ resolve: () => ['127.0.0.2', '127.0.0.3'], allowAddress: outside });
    await failureOf(() => client.get(inner.urlFor('both.invalid')), ConnectError);
    expect(inner.accepted).toBe(0);
  });

  test('a try again looks the name up again, and is asked about again', async () => {
    const outer = await serve(dialogue().acceptOnly(), { repeatLast: true });
    const asked: string[] = [];
    const answers = ['127.0.0.9', '127.0.0.2'];
    const client = kind.over({
      retries: 3,
      resolve: () => answers.shift() ?? '127.0.0.2',
      allowAddress: (ip) => asked.push(ip) > 0 && outside(ip),
    });
    const error = await failureOf(() => client.get(outer.urlFor('rebind.invalid')), ConnectError);
    expect(error.message).toContain('allowAddress refused 127.0.0.2');
    expect(asked).toEqual(['127.0.0.9', '127.0.0.2']);
    expect(outer.accepted).toBe(0);
  });
});
