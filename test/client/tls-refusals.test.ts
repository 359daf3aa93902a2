/**
 * SECURITY 6.10: whom TLS refuses, and that the message says why; nothing of the request is sent. Names are checked by the
 * URL's host, by subjectAltName alone (RFC 9110 §4.3.4); TLS before 1.2 is spoken by nobody (RFC 8996).
 */
import { describe, expect, test } from 'vitest';
import { ConnectError, RemoteProtocolError } from '../../src/index.js';
import { certificates } from '../support/certificates.js';
import { failureOf } from '../support/client.js';
import { clients } from '../support/clients.js';
import { always, dialogue } from '../support/dialogue.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';
import type { ServerTls } from '../support/server-facts.js';

const made = await certificates();
const trusting = { verify: { ca: made.root.cert }, resolve: () => '127.0.0.1' };
const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';
const NAME = 'localhost';
const ADDRESS = '127.0.0.1';

const refusals: readonly (readonly [name: string, tls: ServerTls, host: string, why: RegExp])[] = [
  ['a certificate that has expired', made.expired, NAME, /certificate has expired/],
  [
    "another host's",
    made.otherName,
    NAME,
    /altnames: Host: localhost\. is not in the cert's altnames: DNS:other\.invalid/,
  ],
  [
    "another address's",
    made.otherName,
    ADDRESS,
    /altnames: IP: 127\.0\.0\.1 is not in the cert's list, which is empty/,
  ],
  [
    'one signed by itself',
    made.selfSigned,
    NAME,
    /verify: \{ caFile \} or \{ ca \} names one that is \(self-signed certificate/,
  ],
  [
    'one of an authority that nobody knows',
    made.stranger,
    NAME,
    /its authority is not trusted; verify: \{ caFile \} or/,
  ],
  ['a common name in place of a name', made.commonNameOnly, NAME, /does not contain a DNS name/],
  ['a common name beside an address', made.addressAlone, NAME, /does not contain a DNS name/],
  ['an address as the name of a host', made.addressAsName, ADDRESS, /IP: 127\.0\.0\.1 is not in the cert's list/],
  ['a wildcard for more than one label', made.server, 'a.b.test.invalid', /Host: a\.b\.test\.invalid\. is not in/],
  ['a wildcard for none', made.server, 'test.invalid', /Host: test\.invalid\. is not in/],
  ['TLS 1.1', { ...made.server, maxVersion: 'TLSv1.1' }, NAME, /no version of TLS that is accepted/],
  ['no protocol of ours', { ...made.server, alpn: ['h3'] }, NAME, /none of the protocols that were offered \(ALPN\)/],
];

describe.each(clients)('$name', (kind) => {
  test.each(refusals)('%s is refused', async (_name, tls, host, why) => {
    const server = await serve(always(answer('secure')), { tls, repeatLast: true });
    const error = await failureOf(() => kind.open(trusting).get(server.urlFor(host)), ConnectError);
    expect(error).toMatchObject({ code: 'ERR_CONNECT', phase: 'tls', sent: 'none', retryable: false });
    expect(error.message).toMatch(/^Cannot set up TLS with /);
    expect(error.message).toMatch(why);
    expect(error.cause).toBeInstanceOf(Error);
    expect(server.octetsHeard).toBe(0);
  });

  test.each<[string, ServerTls]>([
    ['TLS 1.2', { ...made.server, maxVersion: 'TLSv1.2' }],
    ['TLS 1.3', made.server],
  ])('a server of %s that wants a certificate of ours says so', async (_name, given) => {
    const tls = { ...given, clientCa: made.root.cert };
    const server = await serve(always(answer('secure')), { tls, repeatLast: true });
    const between = await serve(dialogue().hearHead().say(ESTABLISHED).join(server.port), { repeatLast: true });
    for (const proxy of [null, between.url]) {
      const client = kind.over({ ...trusting, proxy, retries: 2 });
      const error = await failureOf(() => client.get(server.urlFor(NAME)), ConnectError);
      expect(error).toMatchObject({ code: 'ERR_CONNECT', phase: 'tls', retryable: false });
      expect(error.message).toMatch(
        /^Cannot set up TLS with .*: the server (?:demands a certificate|refused the handshake)/,
      );
    }
    expect(server.octetsHeard).toBe(0);
    expect(between.accepted).toBe(1);
  });

  test.each([
    ['HTTP/1.1 where HTTP/2 was agreed on', 'h2', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['HTTP/2 where HTTP/1.1 was agreed on', 'http/1.1', '\0\0\0\x04\0\0\0\0\0\0\0\x08\x06\0\0\0\0\0'],
  ])('%s is refused: nothing is guessed', async (_name, protocol, said) => {
    const tls = { ...made.server, alpn: [protocol] };
    const server = await serve(always(said), { tls, repeatLast: true });
    const client = kind.open({ ...trusting, http2: true });
    await failureOf(() => client.get(server.urlFor(NAME)), RemoteProtocolError);
  });

  test('TLS 1.2 is refused where 1.3 is the least', async () => {
    const tls = { ...made.server, maxVersion: 'TLSv1.2' } as const;
    const server = await serve(always(answer('secure')), { tls, repeatLast: true });
    expect((await kind.open(trusting).get(server.urlFor(NAME))).text).toBe('secure');
    const strict = { ...trusting, verify: { ca: made.root.cert, minVersion: 'TLSv1.3' } } as const;
    const error = await failureOf(() => kind.open(strict).get(server.urlFor(NAME)), ConnectError);
    expect(error.message).toContain('no version of TLS that is accepted');
  });

  test.each(['TLSv1', 'TLSv1.1', 'SSLv3', 1.2])('%s as the least version is refused by name', (minVersion) => {
    const settings = { verify: { minVersion: minVersion as 'TLSv1.2' } };
    expect(() => kind.open(settings)).toThrow("expected minVersion to be 'TLSv1.2' or 'TLSv1.3'");
  });

  test.each([
    ['upper case', 'A.TEST.INVALID', 'a.test.invalid'],
    ['a dot at the end', 'a.test.invalid.', 'a.test.invalid'],
    ['an address', ADDRESS, null],
  ])('%s: SNI is the name alone, and its certificate is accepted', async (_name, host, servername) => {
    const server = await serve(always(answer('secure')), { tls: made.server, repeatLast: true });
    expect((await kind.open(trusting).get(server.urlFor(host))).text).toBe('secure');
    expect(server.peer(0).tls?.servername).toBe(servername);
  });

  test.each(['', 'a b', 'a\0b', 'a\nb', 'm\u00fcller.example'])('%j as sniHostname is no name', async (sniHostname) => {
    for (const url of ['https://127.0.0.1:9/', 'http://127.0.0.1:9/']) {
      const error = await failureOf(
        () => kind.open({ verify: false }).get(url, { extensions: { sniHostname } }),
        TypeError,
      );
      expect(error.message).toContain('extensions.sniHostname: expected a host name in ASCII');
    }
  });

  test('an address as sniHostname is checked, and not sent', async () => {
    const server = await serve(always(answer('secure')), { tls: made.server, repeatLast: true });
    const extensions = { sniHostname: ADDRESS };
    expect((await kind.open(trusting).get(server.urlFor('other.invalid'), { extensions })).text).toBe('secure');
    expect(server.peer(0).tls?.servername).toBeNull();
  });

  test.each<[string, object, string]>([
    ['a path as authorities', { ca: '/etc/ca.pem' }, 'ca holds no certificate in PEM'],
    ['a number as authorities', { ca: 5 }, 'expected ca to be PEM texts or DER octets, got number'],
    ['pins without a pin', { pins: [] }, 'expected pins to be SHA-256 digests'],
    ['a pin in hexadecimal', { pins: ['ab'.repeat(32)] }, 'expected pins to be SHA-256 digests'],
    ['a pin with a prefix', { pins: [`sha256/${'A'.repeat(43)}=`] }, 'expected pins to be SHA-256 digests'],
    ['octets as a path', { caFile: new Uint8Array(1) }, 'expected caFile to be a string, got Uint8Array'],
    ['a number as a key', { key: 5 }, 'expected key to be a string, got number'],
  ])('%s: what means nothing is refused at once', (_name, verify, message) => {
    expect(() => kind.open({ verify })).toThrow(message);
  });
});
