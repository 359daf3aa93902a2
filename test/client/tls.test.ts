/** TLS: who is trusted, under which name, with which certificate of ours, and that nothing of it is ever shared. */
import { describe, expect, test } from 'vitest';
import { ConnectError, ReadError, RemoteProtocolError } from '../../src/index.js';
import { certificates, filesOf } from '../support/certificates.js';
import { type ClientOptions, errorOf, failureOf } from '../support/client.js';
import { clients } from '../support/clients.js';
import { always, type Dialogue, dialogue } from '../support/dialogue.js';
import { answer, octetsOf, patternOf } from '../support/octets.js';
import { type ScriptOptions, serve } from '../support/scripted-server.js';

const made = await certificates();
const trusting = { verify: { ca: made.root.cert } } satisfies ClientOptions;
const toLoopback = { resolve: () => '127.0.0.1' } satisfies ClientOptions;

function secureServer(options: Partial<ScriptOptions> = {}, script: Dialogue = always(answer('secure'))) {
  return serve(script, { tls: made.server, repeatLast: true, ...options });
}

describe.each(clients)('$name', (kind) => {
  describe('who is trusted', () => {
    test('a given authority, as text', async () => {
      const server = await secureServer();
      expect((await kind.open(trusting).get(server.url)).text).toBe('secure');
    });

    test('a given authority, as a file, as verify and as caFile', async () => {
      const server = await secureServer();
      const { ca } = filesOf({ ca: made.root.cert });
      expect((await kind.open({ verify: ca }).get(server.url)).text).toBe('secure');
      expect((await kind.open({ verify: { caFile: ca } }).get(server.url)).text).toBe('secure');
    });

    test('by default, not an authority that nobody knows: ConnectError in the phase tls, nothing sent', async () => {
      const server = await secureServer();
      const error = await failureOf(() => kind.open().get(server.url), ConnectError);
      expect(error).toMatchObject({ code: 'ERR_CONNECT', phase: 'tls', sent: 'none' });
      expect(error.cause).toBeInstanceOf(Error);
      expect(error.message).toContain('127.0.0.1');
      expect(server.octetsHeard).toBe(0);
    });

    test('not another authority than the given one', async () => {
      const server = await secureServer({ tls: made.stranger });
      await failureOf(() => kind.open(trusting).get(server.url), ConnectError);
      expect(server.octetsHeard).toBe(0);
    });

    test('not a certificate that has expired', async () => {
      const server = await secureServer({ tls: made.expired });
      const error = await failureOf(() => kind.open(trusting).get(server.url), ConnectError);
      expect(error.message.toLowerCase()).toContain('expired');
    });

    test('with verify: false, anybody', async () => {
      for (const tls of [made.stranger, made.expired, made.otherName]) {
        const server = await secureServer({ tls });
        expect((await kind.open({ verify: false }).get(server.url)).text).toBe('secure');
      }
    });

    test('a missing CA file is told at once', async () => {
      const error = await errorOf(() => kind.open({ verify: '/nonexistent/ca.pem' }).get('https://127.0.0.1:1/'));
      expect((error as Error).message).toContain('/nonexistent/ca.pem');
    });
  });

  describe('names', () => {
    test('a certificate for another name is refused, and the message says which', async () => {
      const server = await secureServer({ tls: made.otherName });
      const error = await failureOf(() => kind.open(trusting).get(server.url), ConnectError);
      expect(error.phase).toBe('tls');
      expect(error.message).toContain('127.0.0.1');
      expect(server.octetsHeard).toBe(0);
    });

    test('the name that counts is the URL’s, not the address it resolves to', async () => {
      const server = await secureServer();
      const client = kind.open({ ...trusting, ...toLoopback });
      expect((await client.get(server.urlFor('a.test.invalid'))).text).toBe('secure');
      await failureOf(() => client.get(server.urlFor('a.b.test.invalid')), ConnectError);
      await failureOf(() => client.get(server.urlFor('other.invalid')), ConnectError);
    });

    test('SNI is the host name, and none for an address', async () => {
      const server = await secureServer();
      const client = kind.open({ ...trusting, ...toLoopback });
      await client.get(server.urlFor('a.test.invalid'));
      await client.get(server.url);
      expect(server.peers.map((peer) => peer.tls?.servername)).toEqual(['a.test.invalid', null]);
    });

    test('sniHostname replaces the name that is sent and checked', async () => {
      const server = await secureServer({ tls: made.otherName });
      const response = await kind.open(trusting).get(server.url, { extensions: { sniHostname: 'other.invalid' } });
      expect(response.text).toBe('secure');
      expect(server.peer(0).tls?.servername).toBe('other.invalid');
    });
  });

  describe('client certificates', () => {
    const demanding = { tls: { ...made.server, clientCa: made.root.cert } };

    test('as TlsOptions and as files', async () => {
      const server = await secureServer(demanding);
      const inline = kind.open({ verify: { ca: made.root.cert, cert: made.client.cert, key: made.client.key } });
      expect((await inline.get(server.url)).text).toBe('secure');
      const { cert, key } = filesOf({ cert: made.client.cert, key: made.client.key });
      const files = kind.open({ ...trusting, cert: [cert, key] });
      expect((await files.get(server.url)).text).toBe('secure');
      expect(server.peers.map((peer) => peer.tls?.clientName)).toEqual(['A client', 'A client']);
    });

    test('none where one is demanded: an error of the network, not a hang', async () => {
      const server = await secureServer(demanding);
      const error = (await errorOf(() => kind.open(trusting).get(server.url))) as Error;
      const expected = [ConnectError, ReadError, RemoteProtocolError].some((each) => error instanceof each);
      expect(expected, String(error)).toBe(true);
      expect(server.heads).toEqual([]);
    });
  });

  describe('sessions', () => {
    test('are resumed by later connections of the same client to the same origin', async () => {
      const server = await secureServer();
      const client = kind.open({ ...trusting, limits: { maxKeepaliveConnections: 0 } });
      for (let i = 0; i < 3; i++) await client.get(server.url);
      expect([server.handshakes, server.resumptions]).toEqual([3, 2]);
    });

    test('are not carried from a client that does not check to one that does', async () => {
      const server = await secureServer();
      const careless = kind.open({ verify: false, limits: { maxKeepaliveConnections: 0 } });
      await careless.get(server.url);
      await careless.get(server.url);
      expect(server.resumptions).toBe(1);
      await kind.open(trusting).get(server.url);
      expect([server.handshakes, server.resumptions]).toEqual([3, 1]);
    });

    test('of one name are not used for another', async () => {
      const server = await secureServer();
      const client = kind.open({ ...trusting, ...toLoopback, limits: { maxKeepaliveConnections: 0 } });
      await client.get(server.urlFor('a.test.invalid'));
      await client.get(server.urlFor('b.test.invalid'));
      expect([server.handshakes, server.resumptions]).toEqual([2, 0]);
    });
  });

  describe('connections', () => {
    test('two clients with different TLS options never share one', async () => {
      const server = await secureServer();
      const [one, two] = [kind.open(trusting), kind.open({ verify: false })];
      await one.get(server.url);
      await two.get(server.url);
      await one.get(server.url);
      await two.get(server.url);
      expect(server.handshakes).toBe(2);
    });

    test('one name per connection, although one certificate is good for both', async () => {
      const server = await secureServer();
      const client = kind.open({ ...trusting, ...toLoopback });
      await client.get(server.urlFor('a.test.invalid'));
      await client.get(server.urlFor('b.test.invalid'));
      expect(server.accepted).toBe(2);
    });

    test('a large body comes whole over TLS, and one goes', async () => {
      const pattern = patternOf(2 << 20);
      const head = octetsOf(`HTTP/1.1 200 OK\r\nContent-Length: ${pattern.length}\r\n\r\n`);
      const server = await secureServer({}, dialogue().hear().say(head).say(pattern));
      const response = await kind.open(trusting).post(server.url, { content: pattern });
      expect(Buffer.from(response.content).equals(pattern)).toBe(true);
      expect(server.peer(0).requests[0]?.body.equals(pattern)).toBe(true);
    });

    test('plain HTTP spoken to a TLS client is a ConnectError that names TLS', async () => {
      const server = await serve(dialogue().say(answer('plain')).stall());
      const error = await failureOf(() => kind.open(trusting).get(server.url.replace('http:', 'https:')), ConnectError);
      expect(error.phase).toBe('tls');
    });

    test('a peer that resets during the handshake is a ConnectError', async () => {
      const server = await serve(dialogue().hearOctets(1).reset());
      const error = await failureOf(() => kind.open(trusting).get(server.url.replace('http:', 'https:')), ConnectError);
      expect(error).toMatchObject({ phase: 'tls', sent: 'none' });
    });
  });
});
