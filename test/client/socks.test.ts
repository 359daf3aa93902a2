/**
 * What SOCKS proxies say that is wrong (RFC 1928, RFC 1929), over real sockets: each is a ProxyError that names it, at once,
 * whole or octet by octet, and nothing stays open. What is right is in conformance/socks5 and proxies.
 */
import { describe, expect, test } from 'vitest';
import { ProxyError } from '../../src/index.js';
import { failureOf } from '../support/client.js';
import { clients } from '../support/clients.js';
import { type Dialogue, dialogue } from '../support/dialogue.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';
import { SOCKS_OPEN } from '../support/tunnels.js';

const URL = 'http://example.test.invalid/';
const GREETING_OCTETS = 4;
/** Of `user` and `secret`; of a request for that name. */
const PASSWORD_OCTETS = 3 + 4 + 6;
const REQUEST_OCTETS = 4 + 1 + 20 + 2;

const octets = (...parts: readonly (number | string | Uint8Array)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part))));

/** What is said to the greeting, to the password, to the request. */
interface Said {
  readonly greeting?: Buffer;
  readonly password?: Buffer;
  readonly request?: Buffer;
}

type Say = (script: Dialogue, said: Buffer) => Dialogue;
const WAYS: readonly (readonly [string, Say])[] = [
  ['whole', (script, said) => script.say(said)],
  ['octet by octet', (script, said) => script.sayDripping(said, 0)],
];

/** A proxy that says so, and then waits for what its client does. */
function proxyThat({ greeting, password, request }: Said, say: Say): Dialogue {
  let script = say(dialogue().hearOctets(GREETING_OCTETS), greeting ?? Buffer.of(5, password === undefined ? 0 : 2));
  if (greeting !== undefined) return script.stall();
  if (password !== undefined) script = say(script.hearOctets(PASSWORD_OCTETS), password);
  if (request !== undefined) script = say(script.hearOctets(REQUEST_OCTETS), request);
  return script.stall();
}

const behind = octets(SOCKS_OPEN, 'more');

describe.each(clients)('$name', (client) => {
  const open = (port: number) => client.open({ proxy: `socks5h://user:secret@127.0.0.1:${port}` });

  describe.each(WAYS)('%s', (_way, say) => {
    test.each<[string, Said, RegExp]>([
      ['version 4', { greeting: octets(0, 90, 0, 0, 0, 0, 0, 0) }, /does not speak SOCKS version 5: .* 0x00$/],
      ['HTTP', { greeting: octets('HTTP/1.1 400 No\r\n\r\n') }, /does not speak SOCKS version 5: .* 0x48$/],
      ['a method that was not offered', { greeting: octets(5, 1) }, /it chose method 0x01 \(offered: /],
      ['that no method will do', { greeting: octets(5, 255) }, /it accepts none of the methods offered/],
      [
        'another version of the password',
        { password: octets(5, 0) },
        /answered the password with version 0x05, not 0x01/,
      ],
      ['that the password is wrong', { password: octets(1, 1) }, /it refused the user name or the password$/],
      ['another version of the reply', { request: octets(4, 0, 0, 1) }, /does not speak SOCKS version 5: .* 0x04$/],
      [
        'that nobody listens',
        { request: octets(5, 5, 0, 1, 0, 0, 0, 0, 0, 0) },
        /could not connect: Connection refused$/,
      ],
      ['a reply that nobody knows', { request: octets(5, 9, 0, 1, 0, 0, 0, 0, 0, 0) }, /it answered with reply 0x09$/],
      ['an address that nobody knows', { request: octets(5, 0, 0, 2, 0, 0) }, /it answered with address type 0x02/],
    ])('%s', async (_what, said, message) => {
      const between = await serve(proxyThat(said, say));
      const error = await failureOf(() => open(between.port).get(URL), ProxyError);
      expect(error.message).toMatch(message);
      expect(error.message).toContain(`through socks5h://127.0.0.1:${between.port}: it `);
      expect(error.message).not.toContain('secret');
      expect(error.sent).toBe('none');
      await between.emptied();
    });

    test.each([
      ['IPv4', octets(1, 127, 0, 0, 1)],
      ['a name', octets(3, 9, 'localhost')],
      ['a name without octets', octets(3, 0)],
      ['a name of 255 octets', octets(3, 255, 'a'.repeat(255))],
      ['IPv6', octets(4, new Uint8Array(16))],
    ])('an address in the reply is passed over: %s', async (_kind, address) => {
      const script = say(dialogue().hearOctets(GREETING_OCTETS), octets(5, 2));
      say(script.hearOctets(PASSWORD_OCTETS), octets(1, 0));
      say(script.hearOctets(REQUEST_OCTETS), octets(5, 0, 0, address, 0, 80));
      const between = await serve(script.hear().say(answer('reached')).stall());
      const response = await open(between.port).get(URL);
      expect(response.statusCode).toBe(200);
    });
  });

  test('octets behind the reply are not taken for the origin’s', async () => {
    const between = await serve(proxyThat({ request: behind }, (script, said) => script.say(said)));
    const error = await failureOf(() => open(between.port).get(URL), ProxyError);
    expect(error.message).toMatch(/it sent 4 octets behind its answer$/);
    await between.emptied();
  });

  test('names and passwords may have 255 octets, or none', async () => {
    const long = 'é'.repeat(127);
    const script = dialogue()
      .hearOctets(GREETING_OCTETS)
      .say(octets(5, 2))
      .hearOctets(3 + 254 + 0);
    const between = await serve(script.say(octets(1, 1)).stall());
    const auth = [long, ''] as const;
    const opened = client.open({ proxy: { url: `socks5://127.0.0.1:${between.port}`, auth } });
    await failureOf(() => opened.get(URL), ProxyError);
    const { text } = between.peer(0);
    expect(text.slice(GREETING_OCTETS)).toBe(`\x01\xfe${Buffer.from(long).toString('latin1')}\x00`);
    for (const refused of [[`${long}éé`, ''] as const, ['', `${long}éé`] as const])
      expect(() => client.open({ proxy: { url: 'socks5://p', auth: refused } })).toThrow(
        /SOCKS allows 255 octets.*got 258/,
      );
  });
});
