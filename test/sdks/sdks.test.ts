/**
 * SDKs in use, driven through `AsyncClient.fetch` against a server of this test: plain calls, streams of server-sent events,
 * uploads, errors, tries again, aborts. The global `fetch` is not to be called, and every call must come by the client.
 */
import Anthropic from '@anthropic-ai/sdk';
import { Octokit } from '@octokit/core';
import { PostgrestClient } from '@supabase/postgrest-js';
import OpenAI, { APIConnectionError, APIUserAbortError, NotFoundError, toFile } from 'openai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { AsyncClient, RemoteProtocolError } from '../../src/index.js';
import { openService, type Service } from './service.js';

const WORDS = 'one two three — ☃';

let service: Service;
let client: AsyncClient;
/** Requests that the client has sent, by method and path. */
let sent: string[] = [];

beforeAll(async () => {
  service = await openService();
  const platform = globalThis.fetch;
  vi.stubGlobal('fetch', (input: string, init?: RequestInit) => {
    // By such a URL, which asks nobody, openai finds out which Response a fetch answers with.
    if (!String(input).startsWith('data:')) throw new Error(`the global fetch was asked for ${input}`);
    return platform(input, init);
  });
});
afterAll(() => {
  vi.unstubAllGlobals();
  service.close();
});
beforeEach(() => {
  sent = [];
  service.seen.length = 0;
  client = new AsyncClient({
    headers: { 'x-by': 'httpx-wasm' },
    eventHooks: { request: [({ method, url }) => void sent.push(`${method} ${url.path}`)] },
  });
});
afterEach(async () => {
  expect(sent.length, 'every request comes by the client').toBe(service.seen.length);
  expect(service.seen.every(({ headers }) => headers['x-by'] === 'httpx-wasm')).toBe(true);
  await client.aclose();
});

describe('openai', () => {
  const messages = (content: string) => ({ model: 'test', messages: [{ role: 'user' as const, content }] });
  const open = () => new OpenAI({ apiKey: 'key', baseURL: `${service.url}/v1`, fetch: client.fetch, maxRetries: 1 });

  test('a completion, and a second over the same connection', async () => {
    const openai = open();
    const before = service.connections();
    for (let i = 0; i < 2; i++) {
      const { choices } = await openai.chat.completions.create(messages('hi'));
      expect(choices[0]?.message.content).toBe(WORDS);
    }
    expect(service.connections() - before).toBe(1);
    const [first] = service.seen;
    expect(first?.headers).toMatchObject({ authorization: 'Bearer key', 'content-type': 'application/json' });
    expect(first?.headers['content-length']).toBe(String(first?.body.length));
  });

  test('a streamed completion', async () => {
    const stream = await open().chat.completions.create({ ...messages('hi'), stream: true });
    const words: string[] = [];
    for await (const { choices } of stream) words.push(choices[0]?.delta.content ?? '');
    expect(words).toEqual(['one ', 'two ', 'three — ☃']);
  });

  test('a stream that is left ends its response, and the pool goes on', async () => {
    const openai = open();
    const before = service.abandoned();
    const stream = await openai.chat.completions.create({ ...messages('endless'), stream: true });
    let count = 0;
    for await (const _ of stream) if (++count === 3) break;
    expect((await openai.chat.completions.create(messages('hi'))).choices[0]?.message.content).toBe(WORDS);
    await vi.waitUntil(() => service.abandoned() > before, { timeout: 20_000 });
  });

  test('an aborted stream ends', async () => {
    const aborter = new AbortController();
    const options = { signal: aborter.signal };
    const stream = await open().chat.completions.create({ ...messages('endless'), stream: true }, options);
    let count = 0;
    for await (const _ of stream) if (++count === 3) aborter.abort();
    expect(count).toBeGreaterThanOrEqual(3);
  });

  test('an abort before the answer', async () => {
    const aborter = new AbortController();
    const call = open().chat.completions.create(messages('hi'), { signal: aborter.signal });
    aborter.abort();
    await expect(call).rejects.toBeInstanceOf(APIUserAbortError);
  });

  test('a refusal that asks to wait is tried again', async () => {
    const { choices } = await open().chat.completions.create(messages('busy'));
    expect(choices[0]?.message.content).toBe(WORDS);
    expect(sent).toHaveLength(2);
  });

  test('an error of the service is its class', async () => {
    await expect(open().chat.completions.create(messages('wrong'))).rejects.toBeInstanceOf(NotFoundError);
  });

  test('a stream that breaks fails, with our error below', async () => {
    const stream = await open().chat.completions.create({ ...messages('broken'), stream: true });
    const words: string[] = [];
    const error = await (async () => {
      for await (const { choices } of stream) words.push(choices[0]?.delta.content ?? '');
      return null;
    })().catch((failure: unknown) => failure as Error);
    expect(words).toEqual(['half']);
    expect(error).toBeInstanceOf(TypeError);
    expect(error?.cause).toBeInstanceOf(RemoteProtocolError);
  });

  test('nobody there is its connection error', async () => {
    const openai = new OpenAI({ apiKey: 'key', baseURL: 'http://127.0.0.1:1/v1', fetch: client.fetch, maxRetries: 0 });
    await expect(openai.models.list()).rejects.toBeInstanceOf(APIConnectionError);
    sent = [];
  });

  test('an upload of a file, and a download of octets', async () => {
    const openai = open();
    const file = await toFile(new TextEncoder().encode('{"a":1}\n'), 'data.jsonl', { type: 'application/jsonl' });
    const { filename } = await openai.files.create({ file, purpose: 'batch' });
    expect(filename).toContain('filename="data.jsonl"');
    expect(filename).toContain('{"a":1}');
    const response = await openai.files.content('file-1');
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([0, 255, 1, 254]);
  });
});

describe('@anthropic-ai/sdk', () => {
  const request = { model: 'test', max_tokens: 16, messages: [{ role: 'user' as const, content: 'hi' }] };
  const open = () => new Anthropic({ apiKey: 'key', baseURL: service.url, fetch: client.fetch });

  test('a message', async () => {
    const { content } = await open().messages.create(request);
    expect(content[0]).toMatchObject({ type: 'text', text: WORDS });
    expect(service.seen[0]?.headers).toMatchObject({ authorization: 'Bearer key' });
  });

  test('a streamed message, put together by the SDK', async () => {
    const stream = open().messages.stream(request);
    const pieces: string[] = [];
    stream.on('text', (text) => pieces.push(text));
    const { content, stop_reason } = await stream.finalMessage();
    expect(pieces.join('')).toBe(WORDS);
    expect([content[0], stop_reason]).toMatchObject([{ type: 'text', text: WORDS }, 'end_turn']);
  });

  test('the events of a stream, one by one', async () => {
    const types: string[] = [];
    for await (const { type } of await open().messages.create({ ...request, stream: true })) types.push(type);
    expect(types[0]).toBe('message_start');
    expect(types.at(-1)).toBe('message_stop');
  });
});

describe('@octokit/core', () => {
  const open = () => new Octokit({ auth: 'token', baseUrl: service.url, request: { fetch: client.fetch } });

  test('pages, by the Link field', async () => {
    const numbers: number[] = [];
    for (let page: number | null = 1; page !== null; ) {
      const parameters: { owner: string; repo: string; page: number } = { owner: 'o', repo: 'r', page };
      const { data, headers } = await open().request('GET /repos/{owner}/{repo}/issues', parameters);
      numbers.push(data[0]?.number ?? 0);
      page = headers.link === undefined ? null : page + 1;
    }
    expect(numbers).toEqual([1, 2, 3]);
    expect(service.seen[0]?.headers.authorization).toBe('token token');
  });

  test('an error of the service has its status', async () => {
    await expect(open().request('GET /repos/o/none')).rejects.toMatchObject({ status: 404 });
  });
});

describe('@supabase/postgrest-js', () => {
  const open = () => new PostgrestClient(`${service.url}/rest`, { fetch: client.fetch });

  test('a query', async () => {
    const { data, count, error } = await open().from('people').select('name', { count: 'exact' }).eq('name', 'Ada');
    expect(error).toBeNull();
    expect([data, count]).toEqual([[{ name: 'Ada', query: '?select=name&name=eq.Ada' }], 1]);
  });

  test('an insert', async () => {
    const { status, error } = await open().from('people').insert({ name: 'Grace' });
    expect([status, error]).toEqual([201, null]);
    expect(JSON.parse(service.seen[0]?.body ?? '')).toEqual({ name: 'Grace' });
  });
});
