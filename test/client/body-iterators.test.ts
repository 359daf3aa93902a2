/**
 * Bodies that are taken piece by piece from real servers, by either client: what comes when, what holds the server, and
 * what giving up in the middle leaves behind. No step of a server waits for time: the client opens the gates.
 */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ReadError, RemoteProtocolError, StreamConsumed } from '../../src/index.js';
import { failureOf } from '../support/client.js';
import { clients, joined } from '../support/clients.js';
import { always, dialogue, gate } from '../support/dialogue.js';
import { answer, octetsOf, textOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const head = (octets: number, fields = ''): string => `HTTP/1.1 200 OK\r\nContent-Length: ${octets}\r\n${fields}\r\n`;

/** What a loopback connection's kernels hold at the most while little is read, with room to spare. */
const KERNEL_OCTETS = 15 << 20;

describe.each(clients)('$name', (kind) => {
  test('the server sends each chunk only after the client has handled the one before', async () => {
    const chunks = ['one', 'two', 'three', 'four'];
    const handled = chunks.map(() => gate());
    const script = dialogue().hear().say('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    chunks.forEach((chunk, index) => {
      script.say(`${chunk.length.toString(16)}\r\n${chunk}\r\n`).until(handled[index] as (typeof handled)[number]);
    });
    const server = await serve(script.say('0\r\n\r\n'));
    const response = await kind.open().stream('GET', server.url);
    const got: string[] = [];
    for await (const piece of kind.bytes(response)) {
      got.push(textOf(piece));
      // The head and one chunk for each that was handled: the next one waits for this one's gate.
      expect(server.peer(0).saidAfter.length).toBe(1 + got.length);
      handled[got.length - 1]?.open();
    }
    expect(got).toEqual(chunks);
    expect(response.isClosed).toBe(true);
  });

  test('the head is handed out before the body has come', async () => {
    const opened = gate();
    const server = await serve(dialogue().hear().say(head(4, 'X-A: 1\r\n')).until(opened).say('body'));
    const response = await kind.open().stream('GET', server.url);
    expect([response.statusCode, response.headers.get('x-a')]).toEqual([200, '1']);
    expect(server.peer(0).saidAfter.length).toBe(1);
    opened.open();
    expect(textOf(await kind.read(response))).toBe('body');
  });

  test('decoded octets or those of the wire', async () => {
    const coded = gzipSync('plain');
    const whole = Buffer.concat([octetsOf(head(coded.length, 'Content-Encoding: gzip\r\n')), coded]);
    const server = await serve(always(whole));
    const client = kind.open();
    expect((await joined(kind.bytes(await client.stream('GET', server.url)))).toString()).toBe('plain');
    expect((await joined(kind.raw(await client.stream('GET', server.url)))).equals(coded)).toBe(true);
    expect(server.accepted).toBe(1);
  });

  test('decoded text goes on where the server has stopped within a character', async () => {
    const opened = gate();
    const octets = Buffer.from('grüße\r\n€uro\nlast');
    const cut = octets.indexOf('€') + 1;
    const script = () =>
      dialogue().hear().say(head(octets.length)).say(octets.subarray(0, cut)).until(opened).say(octets.subarray(cut));
    const server = await serve([script(), script()]);
    const client = kind.open();
    const texts = kind.text(await client.stream('GET', server.url));
    let text = (await texts.next()).value ?? '';
    expect(text).toBe('grüße\r\n');
    opened.open();
    for await (const piece of texts) text += piece;
    expect(text).toBe(octets.toString());
    const lines: string[] = [];
    const second = await kind.open().stream('GET', server.url);
    for await (const line of kind.lines(second)) lines.push(line);
    expect(lines).toEqual(['grüße', '€uro', 'last']);
  });

  test('pieces are cut to the size that was asked for, whatever the network did', async () => {
    const pieces = ['a', 'bcd', 'efghij', 'k'];
    const script = dialogue().hear().say(head(11));
    for (const piece of pieces) script.say(piece).waitMs(0);
    const server = await serve(script);
    const response = await kind.open().stream('GET', server.url);
    const chunks: string[] = [];
    for await (const chunk of kind.bytes(response, 4)) chunks.push(Buffer.from(chunk).toString());
    expect(chunks).toEqual(['abcd', 'efgh', 'ijk']);
  });

  test('breaking out of the loop closes the connection and frees its place', async () => {
    const server = await serve([
      dialogue()
        .hear()
        .say(head(1 << 30))
        .sayForever('y'),
      always(answer('next')),
    ]);
    const client = kind.open({ limits: { maxConnections: 1 } });
    const response = await client.stream('GET', server.url);
    for await (const chunk of kind.bytes(response)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    await server.until(() => server.peer(0).clientClosedAt !== null);
    expect((await client.get(server.url)).text).toBe('next');
  });

  test('reading to the end gives the connection back', async () => {
    const server = await serve(always(answer('0123456789')));
    const client = kind.open();
    for (let turn = 0; turn < 3; turn++) {
      const response = await client.stream('GET', server.url);
      expect((await joined(kind.bytes(response))).toString()).toBe('0123456789');
      expect(response.isClosed).toBe(true);
    }
    expect(server.accepted).toBe(1);
  });

  test('a small response that was not read gives its connection back, and keeps its body', async () => {
    const server = await serve(dialogue().hear().say(answer('first')).hear().say(answer('second')).stall());
    const client = kind.open({ limits: { maxConnections: 1 } });
    const first = await client.stream('GET', server.url);
    const second = await client.stream('GET', server.url);
    expect(Buffer.from(await kind.read(first)).toString()).toBe('first');
    await kind.close(first);
    expect(Buffer.from(await kind.read(second)).toString()).toBe('second');
    expect(server.accepted).toBe(1);
  });

  test('who reads the whole does not share it with an iterator', async () => {
    const server = await serve(always(answer('0123456789')));
    const response = await kind.open().stream('GET', server.url);
    const first = kind.bytes(response);
    await first.next();
    await failureOf(() => kind.read(response), StreamConsumed);
    await first.return?.();
  });

  test('a connection that breaks in the body fails the iterator with the network’s error', async () => {
    const opened = gate();
    const server = await serve(
      dialogue()
        .hear()
        .say(`${head(10)}abc`)
        .until(opened)
        .reset(),
    );
    const response = await kind.open().stream('GET', server.url);
    const iterator = kind.raw(response);
    await iterator.next();
    opened.open();
    const error = await failureOf(() => iterator.next(), ReadError);
    expect(error.cause).toBeInstanceOf(Error);
    expect((await iterator.next()).done).toBe(true);
  });

  test('a body cut short fails the iterator after what came', async () => {
    const opened = gate();
    const server = await serve(
      dialogue()
        .hear()
        .say(`${head(10)}abc`)
        .until(opened)
        .fin(),
    );
    const pieces = kind.raw(await kind.open().stream('GET', server.url));
    expect(textOf((await pieces.next()).value ?? new Uint8Array())).toBe('abc');
    opened.open();
    await failureOf(() => pieces.next(), RemoteProtocolError);
  });

  test('closing in the middle closes the connection and frees its place', async () => {
    const endless = dialogue()
      .hear()
      .say(head(1 << 30))
      .sayForever('y');
    const server = await serve([endless, always(answer('next'))]);
    const client = kind.open({ limits: { maxConnections: 1 } });
    const response = await client.stream('GET', server.url);
    await kind.bytes(response).next();
    await kind.close(response);
    expect(response.isClosed).toBe(true);
    await server.until(() => server.peer(0).clientClosedAt !== null);
    expect((await client.get(server.url)).text).toBe('next');
  });

  test('a reader that pauses holds the server, and lets it go on when it reads again', async () => {
    const endless = dialogue()
      .hearHead()
      .say(head(2 ** 40))
      .sayForever('x');
    const server = await serve(endless);
    const response = await kind.open().stream('GET', server.url);
    const pieces = kind.raw(response);
    await pieces.next();
    const before = await server.takenAtRest();
    expect(before).toBeLessThan(KERNEL_OCTETS + (1 << 20));
    for (let read = 0; read < before; ) read += (await pieces.next()).value?.length ?? 0;
    await server.until(() => server.octetsTaken > before);
    await kind.close(response);
  });

  test('a response that nobody reads yet holds the server too', async () => {
    const server = await serve([
      dialogue()
        .hearHead()
        .say(head(2 ** 40))
        .sayForever('x'),
    ]);
    const response = await kind.open().stream('GET', server.url);
    const taken = await server.takenAtRest();
    expect(taken).toBeLessThan(KERNEL_OCTETS + (1 << 20));
    await kind.close(response);
    await server.until(() => server.peer(0).clientClosedAt !== null);
  });
});
