/** Hosts that compile only asynchronously: whoever needs the second module waits for it, and only then. */
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { AsyncClient } from '../../src/index.js';
import { textOf } from '../support/octets.js';
import { strayErrorsOf } from '../support/stray-errors.js';

const { loading } = vi.hoisted(() => ({
  loading: { asked: 0, settle: (_failure: Error | null) => {}, promise: null as Promise<unknown> | null },
}));

vi.mock('#core-module', async (original) => {
  const { coreModule, codingsModule } = (await original()) as typeof import('../../src/hosts/node/core-module.js');
  return {
    coreModule,
    codingsModule() {
      loading.asked++;
      loading.promise ??= new Promise((resolve, reject) => {
        loading.settle = (failure) => {
          loading.promise = null;
          if (failure === null) resolve(codingsModule());
          else reject(failure);
        };
      });
      return loading.promise;
    },
  };
});

const body = brotliCompressSync('over the air');

/** The client, with nothing loaded. */
async function fresh() {
  vi.resetModules();
  loading.promise = null;
  loading.asked = 0;
  const httpx = await import('../../src/index.js');
  const { isSettled, openClient, fakeEnvironment } = await import('../support/client.js');
  const { answering } = await import('../support/fake-socket.js');
  const { answer } = await import('../support/octets.js');
  const environment = fakeEnvironment();
  const answers: Record<string, string> = {
    '/gzip': answer(textOf(gzipSync('in the first module')), 'Content-Encoding: gzip\r\n'),
    '/br': answer(textOf(body), 'Content-Encoding: br\r\n'),
  };
  environment.connector.onSocket = answering((head) => answers[head.split(' ')[1] ?? ''] ?? answer('plain'));
  const client: AsyncClient = openClient({ timeout: null }, environment);
  return { httpx, client, environment, isSettled };
}

let on: Awaited<ReturnType<typeof fresh>>;
beforeEach(async () => {
  on = await fresh();
});

const url = 'http://fake.invalid';

describe('a response', () => {
  test('that needs it waits for it', async () => {
    const { client, isSettled } = on;
    const reading = client.get(`${url}/br`);
    expect(await isSettled(reading)).toBe(false);
    loading.settle(null);
    expect((await reading).text).toBe('over the air');
    expect((await client.get(`${url}/br`)).text).toBe('over the air');
  });

  test('that does not need it asks for nothing', async () => {
    const { client } = on;
    expect((await client.get(`${url}/gzip`)).text).toBe('in the first module');
    expect((await client.get(`${url}/`)).text).toBe('plain');
    expect(loading.asked).toBe(0);
  });

  test('is given up by an abort meanwhile', async () => {
    const { client, environment } = on;
    const controller = new AbortController();
    const reading = client.get(`${url}/br`, { signal: controller.signal });
    reading.catch(() => {});
    await environment.host.settled();
    controller.abort();
    await expect(reading).rejects.toBe(controller.signal.reason);
  });

  test('fails if it cannot be had, and the next one asks again', async () => {
    const { client, httpx, environment } = on;
    const reading = client.get(`${url}/br`);
    reading.catch(() => {});
    await environment.host.settled();
    const cause = new Error('404');
    loading.settle(cause);
    const error = await reading.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(httpx.LoadError);
    expect(error).toMatchObject({
      message: 'Cannot load the second module of the protocol core (brotli, zstd): 404',
      cause,
    });
    const next = client.get(`${url}/br`);
    await environment.host.settled();
    loading.settle(null);
    expect((await next).text).toBe('over the air');
  });
});

describe('a response made by hand', () => {
  const made = () => new on.httpx.Response(200, { content: body, headers: { 'Content-Encoding': 'br' } });

  test('says that it has to be read first, and can be', async () => {
    const response = made();
    expect(() => response.content).toThrow('await response.aread() first');
    const reading = response.aread();
    loading.settle(null);
    expect(textOf(await reading)).toBe('over the air');
    expect(response.text).toBe('over the air');
    expect(made().text).toBe('over the air');
  });

  test('that nobody reads does not mind if the decoder cannot be had', async () => {
    const strays = await strayErrorsOf(async () => {
      made();
      loading.settle(new Error('404'));
      await on.environment.host.settled();
    });
    expect(strays).toEqual([]);
  });

  test('can be gone through', async () => {
    const pieces = made().aiterText();
    const first = pieces.next();
    loading.settle(null);
    expect((await first).value).toBe('over the air');
  });
});
