/**
 * The types of the public API: options, overloads, what each client answers with, octets. `tsc` reads this file, in
 * `npm run check:types` and from the test at its end; at run time only that what is typed is there.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, expectTypeOf, test } from 'vitest';
import * as httpx from '../../src/index.js';
import * as sync from '../../src/sync.js';
import { ROOT } from '../source-syntax.js';

type Octets = Uint8Array<ArrayBuffer>;

const url = 'http://example.org/';
const transport = new httpx.MockTransport(() => new httpx.Response(200, { json: { a: 1 } }));

describe('clients', () => {
  test('answer each in their own way', () => {
    expectTypeOf<httpx.AsyncClient['get']>().returns.toEqualTypeOf<Promise<httpx.AsyncResponse>>();
    expectTypeOf<httpx.Client['get']>().returns.toEqualTypeOf<httpx.SyncResponse>();
    expectTypeOf<httpx.AsyncClient['stream']>().returns.toEqualTypeOf<Promise<httpx.AsyncResponse>>();
    expectTypeOf<httpx.Client['stream']>().returns.toEqualTypeOf<httpx.SyncResponse>();
    expectTypeOf<httpx.AsyncClient['send']>().returns.toEqualTypeOf<Promise<httpx.AsyncResponse>>();
    expectTypeOf<httpx.Client['buildRequest']>().returns.toEqualTypeOf<httpx.SyncRequest>();
    expectTypeOf<httpx.AsyncClient['buildRequest']>().returns.toEqualTypeOf<httpx.AsyncRequest>();
    expectTypeOf<httpx.AsyncClient['aclose']>().returns.toEqualTypeOf<Promise<void>>();
    expectTypeOf<httpx.Client['close']>().returns.toEqualTypeOf<void>();
    expectTypeOf(httpx.get).returns.toEqualTypeOf<Promise<httpx.AsyncResponse>>();
    expectTypeOf(sync.get).returns.toEqualTypeOf<httpx.SyncResponse>();
    expectTypeOf(httpx.delete).returns.toEqualTypeOf<Promise<httpx.AsyncResponse>>();
  });

  test('take a body where a method has one', () => {
    expectTypeOf<Parameters<httpx.AsyncClient['post']>[1]>().toEqualTypeOf<httpx.BodyCallOptions | undefined>();
    expectTypeOf<Parameters<httpx.AsyncClient['query']>[1]>().toEqualTypeOf<httpx.BodyCallOptions | undefined>();
    expectTypeOf<Parameters<httpx.AsyncClient['get']>[1]>().toEqualTypeOf<httpx.CallOptions | undefined>();
    expectTypeOf<keyof httpx.CallOptions>().toEqualTypeOf<
      'params' | 'headers' | 'cookies' | 'auth' | 'followRedirects' | 'timeout' | 'extensions' | 'signal'
    >();
    expectTypeOf<Exclude<keyof httpx.BodyCallOptions, keyof httpx.CallOptions>>().toEqualTypeOf<
      'content' | 'data' | 'files' | 'json' | 'compress'
    >();
    // @ts-expect-error: a GET has no body
    const misused = (client: httpx.AsyncClient): unknown => client.get(url, { json: {} });
    expect(misused).toHaveLength(1);
  });

  test('take undefined for what is not given, as exactOptionalPropertyTypes wants it said', () => {
    const options: httpx.AsyncClientOptions = {
      auth: undefined,
      params: undefined,
      headers: undefined,
      cookies: undefined,
      verify: undefined,
      cert: undefined,
      timeout: undefined,
      followRedirects: undefined,
      limits: undefined,
      maxRedirects: undefined,
      eventHooks: undefined,
      baseUrl: undefined,
      transport,
      wrapTransport: undefined,
      allowAddress: undefined,
      resolve: undefined,
      sensitiveHeaders: undefined,
      defaultEncoding: undefined,
    };
    expect(new httpx.AsyncClient(options).isClosed).toBe(false);
    const call: httpx.BodyCallOptions = {
      params: null,
      headers: null,
      cookies: null,
      content: null,
      data: null,
      files: null,
      json: null,
      compress: null,
      auth: null,
      followRedirects: null,
      timeout: null,
      extensions: null,
      signal: null,
    };
    expect(new httpx.Client({ transport }).post(url, { ...call, params: undefined }).statusCode).toBe(200);
  });

  test('are told durations by units or in milliseconds', () => {
    expectTypeOf<5000>().toExtend<httpx.Duration>();
    expectTypeOf<'5s'>().toExtend<httpx.Duration>();
    expectTypeOf<'1.5m'>().toExtend<httpx.Duration>();
    expectTypeOf<'250ms'>().toExtend<httpx.Duration>();
    expectTypeOf<'5 seconds'>().not.toExtend<httpx.Duration>();
    expectTypeOf<'5h'>().not.toExtend<httpx.Duration>();
    expectTypeOf<{ read: '30s' }>().toExtend<httpx.TimeoutTypes>();
    expectTypeOf<null>().toExtend<httpx.TimeoutTypes>();
    expectTypeOf<number | null>().toEqualTypeOf<httpx.Timeout['read']>();
  });
});

describe('responses', () => {
  test('of one client have no member of the other', () => {
    type Blocking = 'read' | 'iterRaw' | 'iterBytes' | 'iterText' | 'iterLines' | 'close';
    type Waiting = 'aread' | 'aiterRaw' | 'aiterBytes' | 'aiterText' | 'aiterLines' | 'aclose';
    expectTypeOf<Extract<keyof httpx.AsyncResponse, Blocking>>().toEqualTypeOf<never>();
    expectTypeOf<Extract<keyof httpx.SyncResponse, Waiting>>().toEqualTypeOf<never>();
    expectTypeOf<Extract<keyof httpx.SyncResponse, Blocking>>().toEqualTypeOf<Blocking>();
    expectTypeOf<Extract<keyof httpx.AsyncResponse, Waiting>>().toEqualTypeOf<Waiting>();
    expectTypeOf<httpx.Response>().toExtend<httpx.AsyncResponse>();
    expectTypeOf<httpx.Response>().toExtend<httpx.SyncResponse>();
    expectTypeOf<Extract<keyof httpx.AsyncRequest, 'read'>>().toEqualTypeOf<never>();
    expectTypeOf<Extract<keyof httpx.SyncRequest, 'aread'>>().toEqualTypeOf<never>();
  });

  test('give octets that are the caller’s own', () => {
    expectTypeOf<httpx.AsyncResponse['content']>().toEqualTypeOf<Octets>();
    expectTypeOf<httpx.AsyncResponse['aread']>().returns.resolves.toEqualTypeOf<Octets>();
    expectTypeOf<httpx.SyncResponse['read']>().returns.toEqualTypeOf<Octets>();
    expectTypeOf<httpx.AsyncResponse['aiterBytes']>().returns.toEqualTypeOf<AsyncIterableIterator<Octets, undefined>>();
    expectTypeOf<httpx.SyncResponse['iterRaw']>().returns.toEqualTypeOf<IterableIterator<Octets, undefined>>();
    expectTypeOf<httpx.AsyncResponse['aiterLines']>().returns.toEqualTypeOf<AsyncIterableIterator<string, undefined>>();
    expectTypeOf<httpx.AsyncResponse['body']>().toEqualTypeOf<ReadableStream<Octets>>();
    expectTypeOf<httpx.AsyncResponse['rawBody']>().toEqualTypeOf<ReadableStream<Octets>>();
    expectTypeOf<httpx.AsyncResponse['toWeb']>().returns.toEqualTypeOf<globalThis.Response>();
    expectTypeOf<httpx.Request['content']>().toEqualTypeOf<Octets>();
    expectTypeOf<httpx.URL['rawPath']>().toEqualTypeOf<Octets>();
    expectTypeOf<httpx.Headers['raw']>().items.toExtend<readonly [Octets, Octets]>();
  });

  test('read JSON as what their caller says it is', () => {
    const response = new httpx.Response(200, { json: { a: 1 } });
    expectTypeOf(response.json()).toEqualTypeOf<unknown>();
    expectTypeOf(response.json<{ a: number }>()).toEqualTypeOf<{ a: number }>();
    expectTypeOf(response.raiseForStatus).returns.toEqualTypeOf<httpx.Response>();
    expect(response.json<{ a: number }>().a).toBe(1);
  });

  test('have histories, requests and links', () => {
    expectTypeOf<httpx.AsyncResponse['history']>().toEqualTypeOf<readonly httpx.AsyncResponse[]>();
    expectTypeOf<httpx.SyncResponse['nextRequest']>().toEqualTypeOf<httpx.SyncRequest | null>();
    expectTypeOf<httpx.AsyncResponse['links'][string]>().toEqualTypeOf<httpx.Link>();
    expectTypeOf<httpx.Link['url']>().toEqualTypeOf<string>();
    expectTypeOf<httpx.AsyncResponse['elapsedMs']>().toEqualTypeOf<number>();
    expectTypeOf<httpx.AsyncResponse['charsetEncoding']>().toEqualTypeOf<string | null>();
  });
});

describe('requests and values', () => {
  test('are made of what API.md says', () => {
    expectTypeOf<keyof httpx.RequestOptions>().toEqualTypeOf<
      'params' | 'headers' | 'cookies' | 'content' | 'data' | 'files' | 'json' | 'compress' | 'stream' | 'extensions'
    >();
    expectTypeOf<
      string | Uint8Array | ArrayBuffer | Blob | ReadableStream<Uint8Array>
    >().toExtend<httpx.RequestContent>();
    expectTypeOf<Generator<string>>().toExtend<httpx.RequestContent>();
    expectTypeOf<AsyncGenerator<Uint8Array>>().toExtend<httpx.RequestContent>();
    expectTypeOf<FormData | URLSearchParams>().toExtend<httpx.RequestData>();
    expectTypeOf<File>().toExtend<httpx.RequestFile>();
    expectTypeOf<[string, Blob, string]>().toExtend<httpx.RequestFile>();
    expectTypeOf<number>().not.toExtend<httpx.RequestContent>();
    expectTypeOf<httpx.URLTypes>().toEqualTypeOf<string | httpx.URL | globalThis.URL>();
  });

  test('say null where something is absent', () => {
    expectTypeOf<httpx.Headers['get']>().returns.toEqualTypeOf<string | null>();
    expectTypeOf<httpx.QueryParams['get']>().returns.toEqualTypeOf<string | null>();
    expectTypeOf<httpx.Cookies['get']>().returns.toEqualTypeOf<string | null>();
    expectTypeOf<httpx.URL['port']>().toEqualTypeOf<number | null>();
    expectTypeOf<httpx.Limits['maxConnections']>().toEqualTypeOf<number | null>();
  });

  test('iterate over pairs', () => {
    expectTypeOf<httpx.Headers>().toExtend<Iterable<[string, string]>>();
    expectTypeOf<httpx.QueryParams>().toExtend<Iterable<[string, string]>>();
    expectTypeOf<httpx.Request['stream']>().toExtend<Iterable<Uint8Array> & AsyncIterable<Uint8Array>>();
  });

  test('have codes by name', () => {
    expectTypeOf(httpx.codes.NOT_FOUND).toEqualTypeOf<404>();
    expectTypeOf(httpx.codes.getReasonPhrase).toEqualTypeOf<(status: number) => string>();
  });
});

describe('errors', () => {
  test('have stable codes, and transport errors what to decide by', () => {
    expectTypeOf<'ERR_CONNECT_TIMEOUT'>().toExtend<httpx.ErrorCode>();
    expectTypeOf<'ERR_NOPE'>().not.toExtend<httpx.ErrorCode>();
    expectTypeOf<httpx.TransportError['sent']>().toEqualTypeOf<httpx.Sent>();
    expectTypeOf<httpx.Sent>().toEqualTypeOf<'none' | 'partial' | 'full'>();
    expectTypeOf<httpx.TransportError['retryable']>().toEqualTypeOf<boolean>();
    expectTypeOf<httpx.HTTPStatusError['response']>().toExtend<httpx.AsyncResponse | httpx.SyncResponse>();
  });
});

test('the types of this folder are what they say', () => {
  mkdirSync(join(ROOT, '.build'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, '.build', 'types-'));
  try {
    const project = {
      extends: '../../tsconfig.json',
      include: ['../../test/types'],
      compilerOptions: { noEmit: true },
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project));
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    try {
      execFileSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
    } catch (error) {
      expect.fail((error as { stdout: string }).stdout);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
