/** Responses made by hand, as mocks and transports of one's own make them. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { MockTransport, Response, ResponseNotRead, StreamConsumed } from '../../src/index.js';
import { failureOf } from '../support/client.js';
import { clients } from '../support/clients.js';
import { gate } from '../support/gate.js';

const octets = (text: string) => new TextEncoder().encode(text);

function thrownBy(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('Nothing was thrown');
}

const words = () => [octets('one '), octets('two')];

describe.each(clients)('read in the way of $name', (kind) => {
  test.each([
    ['a generator', () => kind.pieces(words())],
    ['an iterable', () => words()],
  ])('content may be %s', async (_name, content) => {
    const response = new Response(200, { content: content() });
    expect(response.headers.get('transfer-encoding')).toBe('chunked');
    expect(response.isClosed).toBe(false);
    expect(new TextDecoder().decode(await kind.read(response))).toBe('one two');
    expect(response.text).toBe('one two');
    expect(response.isClosed).toBe(true);
  });

  test('a stream says nothing of itself in the headers, is iterated once, and is undone of its coding', async () => {
    const response = new Response(200, { stream: [gzipSync('plain')], headers: { 'Content-Encoding': 'gzip' } });
    expect([...response.headers]).toEqual([['content-encoding', 'gzip']]);
    const text: string[] = [];
    for await (const piece of kind.text(response)) text.push(piece);
    expect(text.join('')).toBe('plain');
    await failureOf(() => kind.raw(response).next(), StreamConsumed);
  });

  test('closing one before its end tells the generator', async () => {
    const told = gate();
    function* endless(): Generator<Uint8Array> {
      try {
        for (;;) yield octets('more');
      } finally {
        told.open();
      }
    }
    const response = new Response(200, { content: kind.pieces(endless()) });
    await kind.bytes(response).next();
    await kind.close(response);
    await told.opened;
  });

  test('elapsedMs is known once the client has read it, whichever way the mock made it', async () => {
    const content = [() => 'text', () => kind.pieces(words())];
    const client = kind.open({
      transport: new MockTransport(
        (request) => new Response(200, { content: (content[Number(request.url.path[1])] as () => string)() }),
      ),
    });
    for (const path of ['0', '1']) {
      const response = await client.get(`http://mock.invalid/${path}`);
      expect(response.elapsedMs).toBeGreaterThanOrEqual(0);
    }
  });

  test('elapsedMs of one that is still open, or that no client has waited for, is refused by a StreamError', async () => {
    const seen: Response[] = [];
    const see = (response: Response) => {
      expect(() => response.elapsedMs).toThrow(ResponseNotRead);
      expect(() => response.elapsedMs).toThrow(
        'Cannot read response.elapsedMs: the response is not closed yet; extensions.timings.firstByte tells when its head came',
      );
      seen.push(response);
    };
    const transport = new MockTransport(() => new Response(200, { content: kind.pieces(words()) }));
    await kind.open({ transport, eventHooks: { response: [see] } }).get('http://mock.invalid/');
    expect(seen).toHaveLength(1);
    expect(() => new Response(200).elapsedMs).toThrow(/made by hand, and no client has sent its request$/);
  });

  test('raiseForStatus of one without a request says what it takes, whatever the status', () => {
    const said = 'Cannot call raiseForStatus: the response has no request (new Response(status, { request }))';
    for (const status of [200, 500]) expect(() => new Response(status).raiseForStatus()).toThrow(said);
  });

  test('what is no JSON says whose answer it is, and how it begins', async () => {
    const page = `<!doctype html>\n<title>502 Bad Gateway</title>${'.'.repeat(100)}`;
    const transport = new MockTransport(() => new Response(502, { html: page, headers: { 'x-token': 'hush' } }));
    const response = await kind.open({ transport }).get('http://user:pass@mock.invalid/items?key=hush');
    const error = thrownBy(() => response.json());
    expect(error.constructor).toBe(SyntaxError);
    expect(error.cause).toBeInstanceOf(SyntaxError);
    expect(error.message).toContain(
      'Cannot read the body of GET http://mock.invalid/items?… (status 502, text/html; charset=utf-8, ' +
        `${page.length} octets) as JSON: it begins with "<!doctype html>\\n<title>502 Bad Gateway</title>..............…" (`,
    );
    expect(error.message).toContain((error.cause as Error).message);
    expect(error.message).not.toContain('hush');
  });
});

test.each([
  ['', 'Cannot read the body of a response (status 200, no Content-Type, 0 octets) as JSON: it is empty ('],
  [
    '{"a": 1',
    'Cannot read the body of a response (status 200, no Content-Type, 7 octets) as JSON: it begins with "{\\"a\\": 1" (',
  ],
])('a body of %j is no JSON', (content, message) => {
  expect(thrownBy(() => new Response(200, { content, headers: {} }).json()).message).toContain(message);
});

test('AsyncClient alone: content may be a ReadableStream', async () => {
  const response = new Response(200, { content: new Blob(['one ', 'two']).stream() });
  expect(response.headers.get('transfer-encoding')).toBe('chunked');
  expect(new TextDecoder().decode(await response.aread())).toBe('one two');
});

test.each([['200'], [Number.NaN], [undefined], [200.5]])('a status code of %s is refused', (status) => {
  expect(() => new Response(status as number)).toThrow(
    /Cannot make a response: expected an integer as its status code/,
  );
});

test('what pollutes Object.prototype is not what a response says', () => {
  const polluted = Object.prototype as unknown as Record<string, unknown>;
  try {
    Object.assign(polluted, { reasonPhrase: 'evil', httpVersion: 'evil' });
    const response = new Response(200, { extensions: {} });
    expect([response.reasonPhrase, response.httpVersion]).toEqual(['OK', 'HTTP/1.1']);
  } finally {
    delete polluted.reasonPhrase;
    delete polluted.httpVersion;
  }
});

test.each(['reasonPhrase', 'httpVersion'])('extensions whose %s is no text are refused', (name) => {
  const make = () => new Response(200, { extensions: { [name]: new Uint8Array([79, 75]) } });
  expect(make).toThrow(TypeError);
  expect(make).toThrow(`expected extensions.${name} to be a string, got Uint8Array`);
  expect(new Response(200, { extensions: { [name]: null } }).reasonPhrase).toBe('OK');
});

test('a default encoding that is no name is refused', () => {
  const response = new Response(200, {
    content: 'x',
    defaultEncoding: (() => 5) as unknown as () => string,
  });
  expect(() => response.text).toThrow(TypeError);
  expect(() => response.text).toThrow('expected defaultEncoding to return a string or null, got number');
});

test('what cannot be encoded is called a response body', () => {
  const json = () => new Response(200, { json: Number.NaN });
  expect(json).toThrow('Cannot encode the response body as JSON');
  expect(() => new Response(200, { json: () => 1 })).toThrow('Cannot encode the response body as JSON');
  expect(() => new Response(200, { content: [5] as unknown as string[] })).toThrow('Cannot send the response body');
});
