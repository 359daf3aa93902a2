/** Responses made by hand, as mocks and transports of one's own make them. */
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { AsyncClient, MockTransport, Response, StreamConsumed } from '../../src/index.js';

const octets = (text: string) => new TextEncoder().encode(text);

async function* pieces(): AsyncGenerator<Uint8Array> {
  yield octets('one ');
  yield octets('two');
}

test.each([
  ['an async generator', () => pieces()],
  ['a ReadableStream', () => new Blob(['one ', 'two']).stream()],
  ['an iterable', () => [octets('one '), octets('two')]],
])('content may be %s', async (_name, content) => {
  const response = new Response(200, { content: content() });
  expect(response.headers.get('transfer-encoding')).toBe('chunked');
  expect(response.isClosed).toBe(false);
  expect(new TextDecoder().decode(await response.aread())).toBe('one two');
  expect(response.text).toBe('one two');
  expect(response.isClosed).toBe(true);
});

test('a stream says nothing of itself in the headers, is iterated once, and is undone of its coding', async () => {
  const response = new Response(200, { stream: [gzipSync('plain')], headers: { 'Content-Encoding': 'gzip' } });
  expect([...response.headers]).toEqual([['content-encoding', 'gzip']]);
  const text: string[] = [];
  for await (const piece of response.aiterText()) text.push(piece);
  expect(text.join('')).toBe('plain');
  await expect(response.aiterRaw().next()).rejects.toBeInstanceOf(StreamConsumed);
});

test('closing one before its end tells the generator', async () => {
  let told = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield octets('more');
    } finally {
      told = true;
    }
  }
  const response = new Response(200, { content: endless() });
  await response.aiterBytes().next();
  await response.aclose();
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toBe(true);
});

test('elapsedMs is known once the client has read it, whichever way the mock made it', async () => {
  const content = [() => 'text', () => pieces()];
  const client = new AsyncClient({
    transport: new MockTransport(
      (request) => new Response(200, { content: (content[Number(request.url.path[1])] as () => string)() }),
    ),
  });
  for (const path of ['0', '1']) {
    const response = await client.get(`http://mock.invalid/${path}`);
    expect(response.elapsedMs).toBeGreaterThanOrEqual(0);
  }
});

test.each([['200'], [Number.NaN], [undefined], [200.5]])('a status code of %s is refused', (status) => {
  expect(() => new Response(status as number)).toThrow(
    /Cannot make a response: expected an integer as its status code/,
  );
});
