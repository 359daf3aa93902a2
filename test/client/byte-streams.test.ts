/** Bodies as streams: what a request shows of its own, classes for streams that must be closed, and requests made of one. */
import { describe, expect, test } from 'vitest';
import {
  AsyncByteStream,
  ByteStream,
  MockTransport,
  Request,
  Response,
  StreamConsumed,
  SyncByteStream,
} from '../../src/index.js';
import { clients } from '../support/clients.js';

const url = 'http://example.org/';
const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (pieces: Iterable<Uint8Array>): string => Buffer.concat([...pieces]).toString();

class Counted extends SyncByteStream {
  closed = 0;

  override *[Symbol.iterator](): Generator<Uint8Array> {
    yield octets('a');
    yield octets('b');
  }

  override close(): void {
    this.closed++;
  }
}

class CountedLater extends AsyncByteStream {
  closed = 0;

  override async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    yield octets('a');
    yield octets('b');
  }

  override async aclose(): Promise<void> {
    this.closed++;
    throw new Error('nobody hears this');
  }
}

describe('a stream that is the body of a response is closed, once', () => {
  test.each(['stream', 'content'])('when it was read, given as %s', async (option) => {
    const [stream, later] = [new Counted(), new CountedLater()];
    const response = new Response(200, { [option]: stream });
    expect(Buffer.from(response.read()).toString()).toBe('ab');
    response.close();
    expect(stream.closed).toBe(1);
    const other = new Response(200, { [option]: later });
    expect(Buffer.from(await other.aread()).toString()).toBe('ab');
    await other.aclose();
    expect(later.closed).toBe(1);
  });

  test('when the response is, unread or half read', async () => {
    const [unread, halfRead, later] = [new Counted(), new Counted(), new CountedLater()];
    new Response(200, { stream: unread }).close();
    const response = new Response(200, { stream: halfRead });
    response.iterBytes().next();
    expect(halfRead.closed).toBe(0);
    response.close();
    response.close();
    await new Response(200, { stream: later }).aclose();
    expect([unread.closed, halfRead.closed, later.closed]).toEqual([1, 1, 1]);
  });
});

describe('ByteStream', () => {
  test('is gone through either way, any number of times', async () => {
    const stream = new ByteStream('hé');
    expect([textOf(stream), textOf(stream)]).toEqual(['hé', 'hé']);
    for await (const piece of stream) expect(piece).toEqual(octets('hé'));
    expect(textOf(new ByteStream(octets('x')))).toBe('x');
    stream.close();
    await stream.aclose();
  });

  test.each([[5], [null], [['x']], [new ArrayBuffer(1)]])('is not made of %j', (content) => {
    expect(() => new ByteStream(content as never)).toThrow(TypeError);
    expect(() => new ByteStream(content as never)).toThrow('expected octets or a string');
  });

  test('is content of known length', () => {
    const request = new Request('POST', url, { content: new ByteStream('abc') });
    expect([request.headers.get('content-length'), request.isReplayable]).toEqual(['3', true]);
    const response = new Response(200, { stream: new ByteStream('abc') });
    expect([[...response.headers], Buffer.from(response.read()).toString()]).toEqual([[], 'abc']);
  });
});

describe('request.stream', () => {
  test('is the body, piece by piece, at once or later', async () => {
    const request = new Request('POST', url, { content: ['a', octets('b')] });
    expect([...request.stream].map((piece) => Buffer.from(piece).toString())).toEqual(['a', 'b']);
    const pieces: string[] = [];
    for await (const piece of request.stream) pieces.push(Buffer.from(piece).toString());
    expect(pieces).toEqual(['a', 'b']);
  });

  test('that was consumed is not gone through again; one that is left is told', () => {
    let left = false;
    function* generated(): Generator<string> {
      try {
        yield 'a';
        yield 'b';
      } finally {
        left = true;
      }
    }
    const request = new Request('POST', url, { content: generated() });
    for (const _ of request.stream) break;
    expect(left).toBe(true);
    expect(() => [...request.stream]).toThrow(StreamConsumed);
  });

  test('that must be waited for says so', () => {
    const request = new Request('POST', url, { content: new Blob(['x']) });
    expect(() => [...request.stream]).toThrow('it must be waited for, use `for await`');
  });

  test('can be the body of another request, with its framing', async () => {
    const form = new Request('POST', url, { files: { f: new Blob(['x'.repeat(70_000)]) } });
    const other = new Request('PUT', url, { content: form.stream });
    expect(other.headers.get('content-length')).toBe(form.headers.get('content-length'));
    expect(await other.aread()).toEqual(await form.aread());
    const chunked = new Request('PUT', url, { content: new Request('PUT', url, { content: ['a'] }).stream });
    expect(chunked.headers.get('transfer-encoding')).toBe('chunked');
    expect(new Request('PUT', url, { content: new Request('GET', url).stream }).headers.get('content-length')).toBe(
      '0',
    );
  });
});

describe('new Request with stream', () => {
  test('has no field that was not given', () => {
    const request = new Request('post', url, { stream: new ByteStream('abc'), headers: { 'X-A': '1' } });
    expect([request.method, [...request.headers]]).toEqual(['POST', [['x-a', '1']]]);
    expect(textOf(request.stream)).toBe('abc');
  });

  test.each([{ content: 'x' }, { data: { a: 1 } }, { files: { f: 'x' } }, { json: 1 }, { compress: 'gzip' as const }])(
    'takes no %j beside it',
    (other) => {
      const made = (): Request => new Request('POST', url, { stream: new ByteStream('abc'), ...other });
      expect(made).toThrow(TypeError);
      expect(made).toThrow(`stream and ${Object.keys(other)[0]} exclude each other`);
    },
  );

  test.each(clients)('is sent by $name as it is', async (kind) => {
    const seen: string[] = [];
    const transport = new MockTransport((request) => {
      seen.push(`${Buffer.from(request.content)} ${[...request.headers.keys()]}`);
      return new Response(200);
    });
    const request = new Request('POST', url, { stream: kind.pieces(['a', 'b']), headers: { Host: 'h' } });
    await kind.open({ transport }).send(request);
    expect(seen).toEqual(['ab host']);
  });
});
