/**
 * Servers that never end, never begin, or take their time (SECURITY §§ 1, 2): what they can send is bounded, and no call
 * outlives its limits. The measure of "bounded" is taken at the server: octets that the kernels took from it.
 */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { DecodingError, ReadTimeout, RemoteProtocolError, TotalTimeout } from '../../src/index.js';
import { failureOf, fakeEnvironment, openClient } from '../support/client.js';
import { clients } from '../support/clients.js';
import { type Dialogue, dialogue } from '../support/dialogue.js';
import { octetsOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

/** What a loopback connection's kernels hold at the most, with room to spare. */
const KERNEL_OCTETS = 12 << 20;
const chunkedHead = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

describe.each(clients)('$name', (kind) => {
  describe('without end: an error, and the server’s octets are bounded', () => {
    test.each<[string, Dialogue]>([
      ['a status line', dialogue().hear().say('HTTP/1.1 200 ').sayForever('x'.repeat(1000))],
      ['a field name', dialogue().hear().say('HTTP/1.1 200 OK\r\n').sayForever('x'.repeat(1000))],
      ['a field value', dialogue().hear().say('HTTP/1.1 200 OK\r\nX: ').sayForever('x'.repeat(1000))],
      ['field lines', dialogue().hear().say('HTTP/1.1 200 OK\r\n').sayForever('X: y\r\n')],
      ['empty lines before the head', dialogue().hear().sayForever('\r\n')],
      ['interim responses', dialogue().hear().sayForever('HTTP/1.1 103 Early Hints\r\n\r\n')],
      [
        'fields of interim responses',
        dialogue().hear().say('HTTP/1.1 103 Early Hints\r\n').sayForever('Link: </x>\r\n'),
      ],
      ['a chunk extension', dialogue().hear().say(`${chunkedHead}5;`).sayForever('x'.repeat(1000))],
      ['leading zeros of a chunk size', dialogue().hear().say(chunkedHead).sayForever('0'.repeat(1000))],
      [
        'chunks with extensions',
        dialogue().hear().say(chunkedHead).sayForever('1;a=bbbbbbbbbbbbbbbbbbbbbbbb\r\nA\r\n'),
      ],
      ['trailers', dialogue().hear().say(`${chunkedHead}0\r\n`).sayForever('X: y\r\n')],
      ['a trailer', dialogue().hear().say(`${chunkedHead}0\r\nX: `).sayForever('y'.repeat(1000))],
      ['garbage', dialogue().hear().sayForever('\x00\x01\x02')],
    ])('%s', async (_name, script) => {
      const server = await serve(script);
      await failureOf(() => kind.open({ timeout: { read: '10s' } }).get(server.url), RemoteProtocolError);
      await server.emptied();
      expect(server.octetsTaken).toBeLessThan(KERNEL_OCTETS + (1 << 20));
    });
  });

  describe('slowly', () => {
    test('a head that drips is bounded by read, as a whole', async () => {
      const server = await serve(
        dialogue()
          .hear()
          .sayDripping(`HTTP/1.1 200 OK\r\nX: ${'y'.repeat(500)}`, 20),
      );
      const error = await failureOf(() => kind.open({ timeout: { read: '300ms' } }).get(server.url), ReadTimeout);
      expect(error.message).toContain('no complete head after 300 ms');
      expect(server.peer(0).finished).toBe(false);
    });

    test('a body that drips is not bounded by read', async () => {
      const server = await serve(
        dialogue().hear().say('HTTP/1.1 200 OK\r\nContent-Length: 80\r\n\r\n').sayDripping('x'.repeat(80), 25),
      );
      // Each octet has more than a second to come; all of them take two.
      const response = await kind.open({ timeout: { read: '1500ms' } }).get(server.url);
      expect(response.text).toBe('x'.repeat(80));
    });

    test('but by total', async () => {
      const server = await serve(
        dialogue().hear().say('HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n').sayDripping('x'.repeat(2000), 20),
      );
      await failureOf(() => kind.open({ timeout: { read: '20s', total: '500ms' } }).get(server.url), TotalTimeout);
    });

    test('a body that falls silent is bounded by read', async () => {
      const server = await serve(dialogue().hear().say('HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nabc').stall());
      await failureOf(() => kind.open({ timeout: { read: '200ms' } }).get(server.url), ReadTimeout);
    });

    test('a server that accepts and is silent is bounded by read', async () => {
      const server = await serve(dialogue().acceptOnly());
      await failureOf(() => kind.open({ timeout: { read: '200ms' } }).get(server.url), ReadTimeout);
      await server.emptied();
    });

    test('interim responses that drip do not keep a call alive', async () => {
      const server = await serve(dialogue().hear().sayForever('HTTP/1.1 102 Processing\r\n\r\n', 60));
      await failureOf(
        () => kind.open({ timeout: { read: '300ms' }, limits: { interim: 10_000 } }).get(server.url),
        ReadTimeout,
      );
    });
  });

  describe('compressed without end', () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n';

    test('decodedOctets ends it after little of it was taken', async () => {
      const server = await serve(
        dialogue()
          .hear()
          .say(head)
          .sayZerosInGzip(1 << 30),
      );
      await failureOf(() => kind.open({ limits: { decodedOctets: 5_000_000 } }).get(server.url), DecodingError);
      expect(server.peer(0).finished).toBe(false);
    });

    test('a streaming reader is given what it asks for, and may stop', async () => {
      const server = await serve(
        dialogue()
          .hear()
          .say(head)
          .sayZerosInGzip(1 << 30),
      );
      const response = await kind.open().stream('GET', server.url);
      let octets = 0;
      for await (const chunk of kind.bytes(response)) {
        expect(chunk.length).toBeLessThanOrEqual(1 << 20);
        octets += chunk.length;
        if (octets > 10_000_000) break;
      }
      await server.emptied();
      expect(server.peer(0).finished).toBe(false);
    });

    test('a chain of codings is decoded in pieces too', async () => {
      let bomb = gzipSync(Buffer.alloc(8 << 20));
      bomb = gzipSync(bomb);
      const fields = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`;
      const server = await serve(
        dialogue()
          .hear()
          .say(Buffer.concat([octetsOf(fields), bomb])),
      );
      await failureOf(() => kind.open({ limits: { decodedOctets: 1 << 20 } }).get(server.url), DecodingError);
    });
  });
});

test('what the limits count is read, and no more', async () => {
  const environment = fakeEnvironment();
  const call = openClient({ limits: { headOctets: 1000 } }, environment).get('http://fake.invalid/');
  const failed = failureOf(call, RemoteProtocolError);
  await environment.host.settled();
  const socket = environment.connector.socket(0);
  socket.say('HTTP/1.1 200 OK\r\n');
  let said = 17;
  while (!socket.closed && said < 100_000) {
    socket.say('X: yyyyyyyyyyyyyy\r\n');
    said += 19;
    await environment.host.settled();
  }
  await failed;
  expect(said).toBeLessThan(1100);
});
