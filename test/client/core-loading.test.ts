/** A host that cannot give the core's modules: its file is not there, or may not be compiled. Whoever needs one is told. */
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type * as CoreApi from '../../src/core-api.js';
import type * as Httpx from '../../src/index.js';

const { given } = vi.hoisted(() => ({ given: { core: null as Error | null, codings: null as Error | null } }));

vi.mock('#core-module', async (original) => {
  const modules = (await original()) as typeof import('../../src/hosts/node/core-module.js');
  const unless = <T>(error: Error | null, load: () => T): T => {
    if (error !== null) throw error;
    return load();
  };
  return {
    coreModule: () => unless(given.core, modules.coreModule),
    codingsModule: () => unless(given.codings, modules.codingsModule),
  };
});

const url = 'http://fake.invalid/';
const missing = new Error('there is no such file');
const CORE = 'Cannot load the protocol core: there is no such file';
const SECOND = 'Cannot load the second module of the protocol core (brotli, zstd): there is no such file';
let httpx: typeof Httpx;
let coreApi: typeof CoreApi;
let support: typeof import('../support/client.js');

beforeEach(async () => {
  vi.resetModules();
  given.core = given.codings = null;
  httpx = await import('../../src/index.js');
  coreApi = await import('../../src/core-api.js');
  support = await import('../support/client.js');
});

async function expectLoadError(call: PromiseLike<unknown> | (() => unknown), message: string): Promise<void> {
  const error = await support.failureOf(call, httpx.LoadError);
  expect(error).toMatchObject({ code: 'ERR_LOAD', message, cause: missing });
}

describe('without the first module', () => {
  test('AsyncClient fails each request, its connection is closed, and the next one asks again', async () => {
    const { answering } = await import('../support/fake-socket.js');
    const { answer } = await import('../support/octets.js');
    const environment = support.fakeEnvironment();
    environment.connector.onSocket = answering(() => answer('hello'));
    const client = support.openClient({ timeout: null }, environment);
    given.core = missing;
    for (let i = 0; i < 2; i++) await expectLoadError(client.get(url), CORE);
    expect(environment.connector.sockets.map(({ closed }) => closed)).toEqual([true, true]);
    given.core = null;
    expect((await client.get(url)).text).toBe('hello');
  });

  test('Client does so too', async () => {
    const { BlockingFakeConnector } = await import('../support/fake-blocking.js');
    const { FakeHost } = await import('../support/fake-host.js');
    const { Deadlines } = await import('../../src/deadlines.js');
    const host = new FakeHost();
    const connector = new BlockingFakeConnector(host);
    const client = new httpx.Client({}, { host, connector, deadlines: new Deadlines(host) });
    given.core = missing;
    await expectLoadError(() => client.get(url), CORE);
    expect(connector.socket(0).closed).toBe(true);
  });

  test('decoders, connections and HPACK do so too', async () => {
    given.core = missing;
    await expectLoadError(coreApi.decode('gzip', gzipSync('x')), CORE);
    await expectLoadError(() => coreApi.decodeSync('gzip', gzipSync('x')), CORE);
    await expectLoadError(() => new coreApi.ClientConnection('HTTP/2'), CORE);
    await expectLoadError(() => new coreApi.HpackDecoder(), CORE);
  });
});

describe('without the second module', () => {
  test('decoding says so, at once or with a promise, and the next one asks again', async () => {
    const octets = brotliCompressSync('hello');
    given.codings = missing;
    await expectLoadError(coreApi.decode('br', octets), SECOND);
    await expectLoadError(() => coreApi.decodeSync('br', octets), SECOND);
    expect(coreApi.decodeSync('gzip', gzipSync('hello'))).toEqual(new Uint8Array(Buffer.from('hello')));
    given.codings = null;
    expect(coreApi.decodeSync('br', octets)).toEqual(new Uint8Array(Buffer.from('hello')));
  });

  test('a response that needs it says so when it is read', async () => {
    const { answering } = await import('../support/fake-socket.js');
    const { answer, textOf } = await import('../support/octets.js');
    const environment = support.fakeEnvironment();
    const coded = answer(textOf(brotliCompressSync('hello')), 'Content-Encoding: br\r\n');
    environment.connector.onSocket = answering(() => coded);
    const client = support.openClient({ timeout: null }, environment);
    given.codings = missing;
    await expectLoadError(client.get(url), SECOND);
    const response = await client.stream('GET', url);
    await expectLoadError(response.aread(), SECOND);
    given.codings = null;
    expect((await client.get(url)).text).toBe('hello');
  });
});
