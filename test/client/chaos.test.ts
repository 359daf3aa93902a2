/**
 * A thousand concurrent requests against a server that resets, stalls, drips and closes at random: every call settles with
 * a response or an error of our tree, and nothing is left: no octet of the core, no handle of the process, no socket.
 */
import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { liveOctets } from '../../src/core-instance.js';
import { AsyncClient, HTTPError, StreamError } from '../../src/index.js';

const CALLS = 1000;
const SEEDS = [1, 20260, 0xfeed];

interface ChaosServer {
  readonly url: string;
  openSockets(): Promise<number>;
}

async function chaosServer(seed: number): Promise<ChaosServer> {
  const worker = new Worker(new URL('../support/chaos-server.mjs', import.meta.url), { workerData: { seed } });
  const [{ port }] = (await once(worker, 'message')) as [{ port: number }];
  onTestFinished(async () => {
    const exited = once(worker, 'exit');
    worker.postMessage('close');
    await exited;
  });
  return {
    url: `http://127.0.0.1:${port}`,
    async openSockets() {
      worker.postMessage('count');
      const [{ open }] = (await once(worker, 'message')) as [{ open: number }];
      return open;
    },
  };
}

/** Resources that keep the process alive, counted by kind. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** Kinds of which there are more than before. Fewer is no matter: the test runner has timers that come and go. */
function excessOver(before: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(resources()).filter(([kind, count]) => count > (before[kind] ?? 0)));
}

/** Asks until the answer is right. `expect.poll` would leave timers of its own among the resources. */
async function eventually<T>(ask: () => T | Promise<T>, right: T): Promise<void> {
  for (let turn = 0; turn < 250 && !isDeepStrictEqual(await ask(), right); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await ask()).toEqual(right);
}

async function* pieces(count: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) {
    yield new Uint8Array(1 + ((i * 977) % 4000));
    if (i % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The n-th call: reads whole, uploads, streams in every way, gives up in the middle. */
async function call(client: AsyncClient, url: string, n: number): Promise<string> {
  const target = `${url}/${n}`;
  switch (n % 8) {
    case 0:
      await client.post(target, { content: new Uint8Array(n * 7) });
      return 'posted';
    case 1:
      await client.put(target, { content: pieces(n % 11) });
      return 'uploaded';
    case 2: {
      const response = await client.stream('GET', target);
      for await (const chunk of response.aiterBytes()) if (chunk.length > 3000 && n % 3 === 0) break;
      return 'iterated';
    }
    case 3: {
      const response = await client.stream('GET', target);
      const reader = response.body.getReader();
      await reader.read();
      await reader.cancel();
      return 'cancelled';
    }
    case 4: {
      const controller = new AbortController();
      setTimeout(() => controller.abort(new AbortedByTest()), (n * 13) % 400);
      await client.get(target, { signal: controller.signal });
      return 'got before the abort';
    }
    case 5: {
      const response = await client.stream('GET', target);
      if (n % 2 === 0) await response.aclose();
      else await response.aread();
      return 'closed';
    }
    default:
      await client.get(target);
      return 'got';
  }
}

class AbortedByTest extends Error {}

test.each(SEEDS)('a thousand concurrent requests, seed %i: all settle, nothing is left', async (seed) => {
  const server = await chaosServer(seed);
  const options = { timeout: { connect: '5s', read: '1s', write: '2s', pool: null } } as const;
  const warm = new AsyncClient(options);
  await warm.get(server.url).catch(() => {});
  await warm.aclose();
  await eventually(() => server.openSockets(), 0);
  const octetsBefore = liveOctets();
  const resourcesBefore = resources();

  const client = new AsyncClient(options);
  const settled = await Promise.allSettled(Array.from({ length: CALLS }, (_, n) => call(client, server.url, n)));
  await client.aclose();

  const counts: Record<string, number> = {};
  for (const outcome of settled) {
    if (outcome.status === 'rejected') {
      const { reason } = outcome;
      const known = reason instanceof HTTPError || reason instanceof StreamError || reason instanceof AbortedByTest;
      expect(known, `not an error of the tree: ${String(reason)}\n${(reason as Error)?.stack}`).toBe(true);
      expect((reason as Error).message !== '' || reason instanceof AbortedByTest).toBe(true);
    }
    const word = outcome.status === 'fulfilled' ? outcome.value : (outcome.reason as Error).constructor.name;
    counts[word] = (counts[word] ?? 0) + 1;
  }
  console.info(`chaos, seed ${seed}: ${JSON.stringify(counts)}`);
  expect(settled.length).toBe(CALLS);
  // How many of each is a matter of the machine's speed.
  expect(Object.keys(counts)).toEqual(expect.arrayContaining(['got', 'ReadTimeout', 'RemoteProtocolError']));

  await eventually(() => server.openSockets(), 0);
  expect(liveOctets()).toBe(octetsBefore);
  await eventually(() => excessOver(resourcesBefore), {});
});
