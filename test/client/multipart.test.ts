/** Forms with files as a server hears them: framing, streams, repetition, and what is refused. */
import { createReadStream } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LocalProtocolError, Request, type RequestFiles, StreamConsumed } from '../../src/index.js';
import { fakeEnvironment, openClient } from '../support/client.js';
import { always } from '../support/dialogue.js';
import { answering } from '../support/fake-socket.js';
import { answer, fieldOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const url = 'http://fake.invalid/';

/** What the platform's own parser makes of a form. */
async function parsed(contentType: string | null, body: Uint8Array<ArrayBuffer>): Promise<[string, string, string][]> {
  const form = await new globalThis.Response(body, { headers: { 'content-type': contentType ?? '' } }).formData();
  const fields: [string, string, string][] = [];
  for (const [name, value] of form) {
    if (typeof value === 'string') fields.push([name, '', value]);
    else fields.push([name, `${value.name} ${value.type}`, await value.text()]);
  }
  return fields;
}

describe('a form with files', () => {
  test('is what another parser makes of it: fields first, then files, in order', async () => {
    const request = new Request('POST', url, {
      data: { title: 'lamp', tags: ['a', 'b'], on: true, none: null },
      files: [
        ['doc', ['notes.txt', 'hello', 'text/plain', { 'X-Part': '1' }]],
        ['doc', new File(['<p>'], 'page.html', { type: 'text/html' })],
        ['raw', new Uint8Array([1, 2, 3])],
        ['bare', [null, 'just a field']],
      ],
    });
    const body = await request.aread();
    expect(request.headers.get('content-length')).toBe(String(body.length));
    expect(await parsed(request.headers.get('content-type'), body)).toEqual([
      ['title', '', 'lamp'],
      ['tags', '', 'a'],
      ['tags', '', 'b'],
      ['on', '', 'true'],
      ['none', '', ''],
      ['doc', 'notes.txt text/plain', 'hello'],
      ['doc', 'page.html text/html', '<p>'],
      ['raw', 'upload application/octet-stream', '\x01\x02\x03'],
      ['bare', '', 'just a field'],
    ]);
  });

  test('of known length says it and is sent as one; a stream goes chunked', async () => {
    const server = await serve(always(answer('ok')), { repeatLast: true });
    const client = openClient();
    await client.post(server.url, { files: { f: ['a.txt', new Blob(['abc'])] } });
    async function* pieces() {
      yield 'abc';
      yield new Uint8Array([100]);
    }
    await client.post(server.url, { files: { f: ['a.txt', pieces()] } });
    const [known, streamed] = [server.peer(0).requests[0], server.peer(0).requests.at(-1)];
    expect(fieldOf(known?.head ?? '', 'content-length')).toBe(String(known?.body.length));
    expect(fieldOf(streamed?.head ?? '', 'transfer-encoding')).toBe('chunked');
    expect(streamed?.body.toString()).toContain('\r\n\r\nabcd\r\n--');
  });

  test('takes a file of Node.js by its stream, and its name from the path', async () => {
    const server = await serve(always(answer('ok')));
    await openClient().post(server.url, { files: { f: createReadStream(new URL(import.meta.url)) } });
    expect(server.peer(0).requests[0]?.body.toString()).toContain('filename="multipart.test.ts"');
  });

  test('may be FormData', async () => {
    const form = new FormData();
    form.append('a', '1');
    form.append('f', new Blob(['xyz'], { type: 'text/css' }), 'x.css');
    const request = new Request('POST', url, { data: form });
    expect(await parsed(request.headers.get('content-type'), await request.aread())).toEqual([
      ['a', '', '1'],
      ['f', 'x.css text/css', 'xyz'],
    ]);
  });

  test('can be sent again where each of its files can, and says so', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = answering(() => answer('ok'));
    const client = openClient({}, environment);
    const twice = client.buildRequest('POST', url, { files: { f: ['a', new Blob(['abc'])] } });
    expect(twice.isReplayable).toBe(true);
    await client.send(twice);
    await client.send(twice);
    const once = client.buildRequest('POST', url, { files: { f: ['a', new Blob(['abc']).stream()] } });
    expect(once.isReplayable).toBe(false);
    await client.send(once);
    await expect(client.send(once)).rejects.toBeInstanceOf(StreamConsumed);
  });

  test('tells each stream that is not read when the call fails', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => socket.fail(new Error('broken') as never);
    const told: string[] = [];
    const stream = (name: string) =>
      new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}), cancel: () => void told.push(name) });
    const call = openClient({}, environment).post(url, { files: { a: ['a', stream('a')], b: ['b', stream('b')] } });
    await expect(call).rejects.toThrow('broken');
    expect(told.sort()).toEqual(['a', 'b']);
  });

  test('has a boundary of 128 random bits, each time another', () => {
    const boundaries = new Set(
      Array.from({ length: 50 }, () => {
        const { headers } = new Request('POST', url, { files: { f: 'x' } });
        return /boundary=([0-9a-f]{32})$/.exec(headers.get('content-type') ?? '')?.[1];
      }),
    );
    expect(boundaries.size).toBe(50);
    expect(boundaries).not.toContain(undefined);
  });

  test('cannot be given a line that a name, a filename or a header would begin', async () => {
    const evil = 'x"\r\nContent-Type: text/html\r\n\r\n<script>';
    const request = new Request('POST', url, { data: { [evil]: '1' }, files: { [evil]: [evil, 'x'] } });
    const text = Buffer.from(await request.aread()).toString();
    expect(text.match(/^Content-Type: .*$/gm)).toEqual(['Content-Type: application/octet-stream']);
    expect(() => new Request('POST', url, { files: { f: ['a', 'x', 'text/plain\r\nX: y'] } })).toThrow('RFC 9110');
    expect(() => new Request('POST', url, { files: { f: ['a', 'x', null, { 'X: y\r\nZ': '1' }] } })).toThrow('token');
  });

  test.each([
    ['a number', { f: 5 }],
    ['a Map', { f: new Map() }],
    ['a tuple without content', { f: ['a.txt'] }],
    ['a name that is no string', { f: [5, 'x'] }],
    ['pairs that are none', [['f']]],
    ['a string', 'f'],
  ])('of %s is refused with a TypeError that says what was expected', (_name, files) => {
    expect(() => new Request('POST', url, { files: files as never })).toThrow(TypeError);
    expect(() => new Request('POST', url, { files: files as never })).toThrow(/expected/);
  });

  test.each([
    ['a Map', new Map([['a', 'b']]), 'a Map'],
    ['FormData', new FormData(), 'FormData (a form is given as data)'],
    ['a Blob', new Blob(['a']), 'a Blob'],
    ['a File', new File(['a'], 'a.txt'), 'a File'],
    ['octets', new Uint8Array(3), 'a Uint8Array'],
    ['URLSearchParams', new URLSearchParams('a=b'), 'a URLSearchParams (a form is given as data)'],
    ['an iterable', new Set([['a', 'b']]), 'a Set'],
  ])('given as %s would be an empty one, and is refused', (_name, files, got) => {
    const give = () => new Request('POST', url, { files: files as never });
    expect(give).toThrow(TypeError);
    expect(give).toThrow(
      `expected files to be an object, or a list of [field, file] pairs, got ${got.replace(/^an? /, '')}`,
    );
  });

  const typed = (contentType: string) =>
    new Request('POST', url, { files: { f: 'x' }, headers: { 'Content-Type': contentType } });

  test.each([
    ['multipart/form-data; x="; boundary=evil"; boundary=good', 'good'],
    ['multipart/form-data; x="\\"; boundary=evil"; boundary=good', 'good'],
    ['multipart/form-data; boundary="go\\od"', 'good'],
    ['multipart/form-data; BOUNDARY="a b:c" ; charset=utf-8', 'a b:c'],
    ['Multipart/Form-Data;; boundary=good;', 'good'],
    [`multipart/form-data; boundary=${'b'.repeat(70)}`, 'b'.repeat(70)],
  ])('takes its boundary from %s', async (contentType, boundary) => {
    const request = typed(contentType);
    expect(request.headers.get('content-type')).toBe(contentType);
    expect(Buffer.from(await request.aread()).toString()).toMatch(
      new RegExp(`^--${boundary}\r\n[^]*\r\n--${boundary}--\r\n$`),
    );
  });

  test.each([
    ['multipart/form-data; x="; boundary=evil"', 'multipart/form-data; x="; boundary=evil"'],
    ['multipart/form-data; x="; boundary=;"; boundary=', 'multipart/form-data; x="; boundary=;"'],
    ['multipart/form-data; boundary=""; x=1', 'multipart/form-data; x=1'],
  ])('finds none in %s, and names its own', (contentType, kept) => {
    const [whole, before] =
      /^(.*); boundary=[0-9a-f]{32}$/.exec(typed(contentType).headers.get('content-type') ?? '') ?? [];
    expect(whole).not.toBeUndefined();
    expect(before).toBe(kept);
  });

  test.each([
    ['quotes', 'boundary="a\\"b"', 'expected a boundary of 1 to 70 characters'],
    ['71 characters', `boundary=${'b'.repeat(71)}`, 'expected a boundary of 1 to 70 characters'],
    ['a space at its end', 'boundary="b "', 'expected a boundary of 1 to 70 characters'],
    ['other characters', 'boundary=b%c', 'expected a boundary of 1 to 70 characters'],
    ['a quote that is not closed', 'boundary="b', 'expected parameters'],
    ['something behind its value', 'boundary="a"b', 'expected parameters'],
    ['no parameter at all', 'x', 'expected parameters'],
  ])('is refused with a boundary of %s', (_name, parameter, message) => {
    const make = () => typed(`multipart/form-data; ${parameter}`);
    expect(make).toThrow(LocalProtocolError);
    expect(make).toThrow(message);
  });

  test('names the boundary in a Content-Type of the caller that has none', () => {
    const headers = { 'Content-Type': 'multipart/form-data; charset=utf-8;' };
    const request = new Request('POST', url, { files: { f: 'x' }, headers });
    expect(request.headers.get('content-type')).toMatch(/^multipart\/form-data; charset=utf-8; boundary=[0-9a-f]{32}$/);
  });
});

describe('the name of a file', () => {
  const head = (files: RequestFiles): string =>
    new TextDecoder().decode(new Request('POST', url, { files }).read()).split('\r\n')[1] ?? '';

  test('is not what pollutes Object.prototype', () => {
    const polluted = Object.prototype as unknown as Record<string, unknown>;
    try {
      Object.assign(polluted, { name: 'evil', path: 'evil' });
      expect(head({ f: new Uint8Array([65]) })).toMatch(/; filename="upload"$/);
    } finally {
      delete polluted.name;
      delete polluted.path;
    }
  });

  test.each([
    ['C:\\Users\\me\\notes.txt', 'notes.txt'],
    ['D:/a\\b.txt', 'b.txt'],
    ['/tmp/a\\b.txt', 'a\\b.txt'],
  ])('of a stream of %s is its last component', (path, name) => {
    expect(head({ f: Object.assign(['x'].values(), { path }) })).toMatch(`; filename="${name}"`);
  });

  test.each([null, undefined])('%s is no file, nor what a file consists of', (nothing) => {
    for (const file of [nothing, ['a.txt', nothing]]) {
      const make = () => new Request('POST', url, { files: { f: file as unknown as string } });
      expect(make).toThrow(TypeError);
      expect(make).toThrow(`Cannot encode file 'f': expected its content, got ${nothing}`);
    }
  });
});
