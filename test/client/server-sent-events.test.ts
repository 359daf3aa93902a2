/**
 * Server-Sent Events as docs/recipes.md reads them (WHATWG HTML §9.2.5, §9.2.6): the code is taken from the page. Neither
 * lines nor events depend on the cuts of the network.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AsyncClient, ConnectError, HTTPStatusError, MockTransport, Response } from '../../src/index.js';
import { ROOT } from '../source-syntax.js';
import { failureOf } from '../support/client.js';
import { dialogue } from '../support/dialogue.js';
import { answer, fieldOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

interface Recipe {
  linesOf(texts: AsyncIterable<string>): AsyncGenerator<string>;
  eventsOf(
    client: AsyncClient,
    url: string,
    signal?: AbortSignal,
  ): AsyncGenerator<{ type: string; data: string; id: string }>;
}

const URL = 'http://host.invalid/';
const HEADERS = { 'content-type': 'text/event-stream' };
const { linesOf, eventsOf }: Recipe = await recipe();

/** The functions of the recipe, without the lines that use them. */
async function recipe(): Promise<Recipe> {
  const page = readFileSync(join(ROOT, 'docs/recipes.md'), 'utf8');
  const [, block = ''] = /^## Server-Sent Events\n[\s\S]*?^```ts\n([\s\S]*?)^await using client/m.exec(page) ?? [];
  mkdirSync(join(ROOT, '.build'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, '.build', 'events-'));
  try {
    writeFileSync(join(folder, 'recipe.ts'), `${block}export { eventsOf, linesOf };\n`);
    return (await import(/* @vite-ignore */ join(folder, 'recipe.ts'))) as Recipe;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function* given<T>(pieces: readonly T[]): AsyncGenerator<T> {
  yield* pieces;
}

async function allOf<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

/** What is whole, cut into two at each place, cut everywhere, and with empty pieces at each cut. */
function cutsOf<T extends string | Uint8Array<ArrayBuffer>>(whole: T, empty: T): T[][] {
  const part = (from: number, to: number) => whole.slice(from, to) as T;
  const places = Array.from({ length: whole.length + 1 }, (_, at) => at);
  const single = places.slice(1).map((at) => part(at - 1, at));
  const halves = places.map((at) => [part(0, at), empty, part(at, whole.length)]);
  return [[whole], single, single.flatMap((one) => [one, empty]), ...halves];
}

/** A client whose calls are answered with these one after the other, and then with 204; what each was asked with. */
function answered(...answers: readonly (() => Response)[]): { client: AsyncClient; asked: (string | null)[] } {
  const asked: (string | null)[] = [];
  const transport = new MockTransport(({ headers }) => {
    asked.push(headers.get('last-event-id'));
    return answers[asked.length - 1]?.() ?? new Response(204);
  });
  return { client: new AsyncClient({ transport }), asked };
}

/** A stream of events, after which one need not wait to connect again. */
const streamed = (...pieces: (string | Uint8Array)[]) => {
  return () => new Response(200, { headers: HEADERS, stream: given(['retry: 0\n', ...pieces]) });
};

describe('the lines of the recipe', () => {
  const text = 'a\nb\rc\r\nd\r\r\n\n\re\u2028f\u0085g\u000bh\n\r\nlost';
  const lines = ['a', 'b', 'c', 'd', '', '', '', 'e\u2028f\u0085g\u000bh', ''];

  test('end at LF, CR and CRLF alone, wherever the text is cut', async () => {
    for (const pieces of cutsOf(text, ''))
      expect(await allOf(linesOf(given(pieces))), JSON.stringify(pieces)).toEqual(lines);
  });

  test('are there as soon as a CR is', async () => {
    const asked: string[] = [];
    async function* pieces() {
      for (const piece of ['a\r', '\nb\r']) {
        asked.push(piece);
        yield piece;
      }
    }
    const found = linesOf(pieces());
    expect([await found.next(), asked.length]).toEqual([{ value: 'a', done: false }, 1]);
    expect([await found.next(), asked.length]).toEqual([{ value: 'b', done: false }, 2]);
  });
});

describe('the events of the recipe', () => {
  test('are the same wherever the octets are cut', async () => {
    const text = [
      '\ufeffid: 1\n: a comment\nevent: größe\ndata: a:b\u2028c\ndata\ndata:  d\n\n',
      'event: none\n\n',
      'data: 2\nid: 1\0\nfoo\n\n',
      'id\ndata:\r\n\r\n',
      'data: lost\n',
    ].join('');
    const events = [
      { type: 'größe', data: 'a:b\u2028c\n\n d', id: '1' },
      { type: 'message', data: '2', id: '1' },
      { type: 'message', data: '', id: '' },
    ];
    for (const pieces of cutsOf(new TextEncoder().encode(text), new Uint8Array())) {
      const { client } = answered(() => new Response(200, { headers: HEADERS, stream: given(pieces) }), streamed());
      const found = eventsOf(client, URL);
      for (const event of events) expect((await found.next()).value).toEqual(event);
      await found.return(undefined);
    }
  });

  test('go on behind the last one that was whole', async () => {
    const { client, asked } = answered(
      streamed('id: 1\ndata: a\n\nid: 2\ndata: lost'),
      streamed('id: 2\n\n'),
      streamed(),
    );
    expect((await allOf(eventsOf(client, URL))).map(({ data }) => data)).toEqual(['a']);
    expect(asked).toEqual([null, '1', '2', '2']);
  });

  test('are asked for again where that may help, and not otherwise', async () => {
    const fail = (retryable: boolean) => () => {
      throw new ConnectError('Cannot connect', { retryable });
    };
    const passing = answered(streamed(), fail(true));
    expect(await allOf(eventsOf(passing.client, URL))).toEqual([]);
    expect(passing.asked).toHaveLength(3);
    await failureOf(allOf(eventsOf(answered(fail(false)).client, URL)), ConnectError);
    await failureOf(allOf(eventsOf(answered(() => new Response(404)).client, URL)), HTTPStatusError);
    const page = answered(() => new Response(200, { html: 'a page' })).client;
    expect((await failureOf(allOf(eventsOf(page, URL)), Error)).message).toMatch(/text\/html/);
  });

  test('end with the signal, also between two connections', async () => {
    const aborter = new AbortController();
    async function* stream() {
      yield 'retry: 600000\ndata: a\n\n';
      setImmediate(() => aborter.abort());
    }
    const { client } = answered(() => new Response(200, { headers: HEADERS, stream: stream() }));
    const found = eventsOf(client, URL, aborter.signal);
    expect(await found.next()).toMatchObject({ value: { data: 'a' } });
    await expect(found.next()).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('come over sockets that break off, are closed, and say 204', async () => {
    const head =
      'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';
    const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
    const server = await serve([
      dialogue().hearHead().say(head).say(chunk('retry: 0\rid: 7\rdata: a\r')).say(chunk('\rdata: lost')).fin(),
      dialogue()
        .hearHead()
        .say(head)
        .say(chunk('\n'))
        .say(chunk('data: b\r\n\r'))
        .say(chunk('\n'))
        .say('0\r\n\r\n')
        .fin(),
      dialogue()
        .hearHead()
        .say(answer('', '', '204 No Content'))
        .fin(),
    ]);
    const client = new AsyncClient();
    onTestFinished(() => client.aclose());
    expect(await allOf(eventsOf(client, server.url))).toEqual([
      { type: 'message', data: 'a', id: '7' },
      { type: 'message', data: 'b', id: '7' },
    ]);
    expect(server.heads.map((text) => fieldOf(text, 'last-event-id'))).toEqual([null, '7', '7']);
  });
});
