/** `toWeb`: what is handed to code that was written for `fetch`. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { MockTransport, Request, Response, StreamClosed, StreamConsumed } from '../../src/index.js';
import { clients } from '../support/clients.js';

const url = 'https://user:secret@example.org/a?b=1#c';

describe.each(clients)('$name: toWeb', (kind) => {
  const answering = (made: () => Response) =>
    kind.open({ transport: new MockTransport(made), followRedirects: true }).stream('GET', url);

  test('has status, reason, fields and URL, and the decoded body without what tells of the coded one', async () => {
    const coded = gzipSync('hello');
    const response = await answering(
      () =>
        new Response(203, {
          stream: kind.pieces([coded]),
          headers: [
            ['Content-Encoding', 'gzip'],
            ['Content-Length', String(coded.length)],
            ['Set-Cookie', 'a=1'],
            ['Set-Cookie', 'b=2'],
            ['X-Kept', 'yes'],
          ],
          extensions: { reasonPhrase: 'Fine enough' },
        }),
    );
    const web = response.toWeb();
    expect(web).toBeInstanceOf(globalThis.Response);
    expect([web.status, web.statusText, web.ok, web.redirected]).toEqual([203, 'Fine enough', true, false]);
    expect(web.url).toBe('https://example.org/a?b=1');
    expect([...web.headers]).toEqual([
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['x-kept', 'yes'],
    ]);
    expect(await web.text()).toBe('hello');
    expect(response.isClosed).toBe(true);
  });

  test('after the body was read gives it once more, its own octets', async () => {
    const response = await answering(() => new Response(200, { text: 'again' }));
    await kind.read(response);
    const octets = new Uint8Array(await response.toWeb().arrayBuffer());
    octets.fill(0);
    expect(response.text).toBe('again');
  });

  test.each([204, 205, 304])('of %i has no body, and the response is closed', async (status) => {
    const response = await answering(() => new Response(status, { stream: kind.pieces(['never']) }));
    expect(response.toWeb().body).toBeNull();
    expect(response.isClosed).toBe(true);
  });

  test('cancelled closes the response', async () => {
    const response = await answering(() => new Response(200, { stream: kind.pieces(['a', 'b']) }));
    await response.toWeb().body?.cancel();
    expect(response.isClosed).toBe(true);
  });

  test('says that redirects were followed', async () => {
    const transport = new MockTransport((request) =>
      request.url.path === '/' ? new Response(200) : new Response(302, { headers: { Location: '/' } }),
    );
    const response = await kind.open({ transport, followRedirects: true }).get('https://example.org/a');
    expect([response.toWeb().redirected, response.toWeb().url]).toEqual([true, 'https://example.org/']);
  });

  test('of a body that was taken, or closed, fails as every reader', async () => {
    const taken = await answering(() => new Response(200, { stream: kind.pieces(['a']) }));
    for await (const _ of kind.raw(taken));
    expect(() => taken.toWeb()).toThrow(StreamConsumed);
    const closed = await answering(() => new Response(200, { stream: kind.pieces(['a']) }));
    await kind.close(closed);
    expect(() => closed.toWeb()).toThrow(StreamClosed);
  });
});

test.each([100, 101, 199])('toWeb refuses %i, which Fetch has not', (status) => {
  expect(() => new Response(status).toWeb()).toThrow(TypeError);
});

test('toWeb of a response without a request has no URL', () => {
  expect(new Response(200, { text: 'x' }).toWeb().url).toBe('');
  expect(new Response(200, { request: new Request('GET', 'https://example.org') }).toWeb().url).toBe(
    'https://example.org/',
  );
});
