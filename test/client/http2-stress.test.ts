/**
 * Thousands of requests over HTTP/2 with a peer that does what it likes, by a seed: frames of all streams in any order, time
 * that goes by, resets, refusals, GOAWAY, windows that starve uploads. Every call settles, and nothing remains.
 */
import { expect, test } from 'vitest';
import { liveOctets } from '../../src/core-instance.js';
import type { AsyncClient } from '../../src/index.js';
import {
  data,
  END_STREAM,
  goaway,
  head,
  headers,
  hello,
  ping,
  rstStream,
  SETTING,
  settings,
  TYPE,
  windowUpdate,
} from '../support/http2-frames.js';
import { type Http2Peer, http2Side } from '../support/http2-peer.js';
import { randomBy } from '../support/seeded.js';

const REQUESTS = 2500;
const AT_ONCE = 120;

/** A stream as the peer has it. */
interface Stream {
  readonly id: number;
  begun: boolean;
  left: number;
  /** The client has ended, or given up, its side. */
  over: boolean;
}

/** A server whose whims a seed decides. */
class Whimsical {
  readonly peer: Http2Peer;
  readonly #random: () => number;
  readonly #streams = new Map<number, Stream>();
  #latest = 0;
  #left = false;

  constructor(peer: Http2Peer, random: () => number) {
    this.peer = peer;
    this.#random = random;
    const window = [0, 100, 65_535, 1_000_000][Math.floor(random() * 4)] as number;
    peer.say(
      hello([SETTING.initialWindowSize, window], [SETTING.maxConcurrentStreams, 20 + Math.floor(random() * 100)]),
    );
  }

  get isOver(): boolean {
    return this.peer.socket.closed;
  }

  /** Hears what came, and does something for some of the streams. */
  act(): void {
    if (this.isOver) return;
    for (const { type, stream, flags } of this.peer.take()) {
      if (type === TYPE.headers) {
        this.#latest = Math.max(this.#latest, stream);
        this.#streams.set(stream, {
          id: stream,
          begun: false,
          left: Math.floor(this.#random() * 5),
          over: (flags & END_STREAM) !== 0,
        });
      }
      if (type === TYPE.rstStream) this.#streams.delete(stream);
    }
    const said: Buffer[] = [];
    for (const stream of this.#shuffled()) if (this.#random() < 0.7) said.push(...this.#sayOf(stream));
    if (this.#random() < 0.3) said.push(windowUpdate(0, 1 + Math.floor(this.#random() * 100_000)));
    if (this.#random() < 0.1) said.push(ping('whatever'));
    if (this.#random() < 0.05)
      said.push(settings([SETTING.maxConcurrentStreams, 10 + Math.floor(this.#random() * 100)]));
    if (!this.#left && this.#random() < 0.02) {
      this.#left = true;
      const last = Math.max(0, this.#latest - 2 * Math.floor(this.#random() * 10));
      for (const id of [...this.#streams.keys()]) if (id > last) this.#streams.delete(id);
      said.push(goaway(last, 0));
    }
    if (said.length > 0 && !this.isOver) this.peer.say(...said);
  }

  #shuffled(): Stream[] {
    return [...this.#streams.values()].sort(() => this.#random() - 0.5);
  }

  #sayOf(stream: Stream): Buffer[] {
    const { id } = stream;
    const whim = this.#random();
    if (whim < 0.02) {
      this.#streams.delete(id);
      return [rstStream(id, [2, 7, 8, 11][Math.floor(this.#random() * 4)] as number)];
    }
    if (whim < 0.3) return [windowUpdate(id, 1 + Math.floor(this.#random() * 200_000))];
    if (!stream.begun) {
      stream.begun = true;
      const status = [200, 200, 200, 204, 404, 500][Math.floor(this.#random() * 6)] as number;
      const ends = status === 204 || stream.left === 0;
      if (ends) this.#streams.delete(id);
      const interim = this.#random() < 0.1 ? [head(id, 103)] : [];
      return [
        ...interim,
        head(id, status, [['x-padding', 'x'.repeat(Math.floor(this.#random() * 200))]], ends ? END_STREAM : 0),
      ];
    }
    if (stream.left-- > 0) return [data(id, new Uint8Array(Math.floor(this.#random() * 16_384)))];
    this.#streams.delete(id);
    return [this.#random() < 0.5 ? data(id, '', END_STREAM) : headers(id, [['x-trailer', '1']], END_STREAM)];
  }
}

/** One call of some kind; what became of it. */
async function call(client: AsyncClient, random: () => number): Promise<string> {
  const kind = random();
  try {
    if (kind < 0.4) return `got ${(await client.get('/get')).statusCode > 0}`;
    if (kind < 0.6)
      return `posted ${(await client.post('/post', { content: new Uint8Array(Math.floor(random() * 50_000)) })).statusCode > 0}`;
    if (kind < 0.7) {
      const pieces = Math.floor(random() * 5);
      const content = (async function* () {
        for (let i = 0; i < pieces; i++) {
          await new Promise((resolve) => setImmediate(resolve));
          yield new Uint8Array(5000);
        }
      })();
      return `uploaded ${(await client.post('/upload', { content })).statusCode > 0}`;
    }
    if (kind < 0.8) {
      const response = await client.stream('GET', '/closed');
      await response.aclose();
      return 'closed';
    }
    if (kind < 0.9) {
      const response = await client.stream('GET', '/stream');
      for await (const _piece of response.aiterRaw()) if (random() < 0.1) break;
      await response.aclose();
      return 'streamed';
    }
    const controller = new AbortController();
    const aborted = client.get('/aborted', { signal: controller.signal });
    setImmediate(() => controller.abort(new Error('AbortedByTest')));
    await aborted;
    return 'got before the abort';
  } catch (error) {
    const { message, constructor } = error as Error;
    return message === 'AbortedByTest' ? message : constructor.name;
  }
}

test.each([1, 2, 3, 4])(
  `${REQUESTS} requests with a whimsical peer, seed %i: all settle, nothing is left`,
  async (seed) => {
    const random = randomBy(seed);
    const before = liveOctets();
    const servers: Whimsical[] = [];
    const limits = { maxConnections: 5 };
    const timeout = { connect: 5000, read: 20_000, write: 20_000, pool: 60_000 };
    const { client, environment } = http2Side({ baseUrl: 'https://fake.invalid', limits, timeout }, (peer) => {
      servers.push(new Whimsical(peer, random));
    });
    const outcomes = new Map<string, number>();
    let begun = 0;
    let underWay = 0;
    while (begun < REQUESTS || underWay > 0) {
      while (begun < REQUESTS && underWay < AT_ONCE) {
        begun++;
        underWay++;
        void call(client, random).then((outcome) => {
          underWay--;
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        });
      }
      await new Promise((resolve) => setImmediate(resolve));
      for (const server of servers) server.act();
      if (random() < 0.2) await environment.host.advance(Math.floor(random() * 500));
    }
    console.info(
      `http2 stress, seed ${seed}, ${servers.length} connections:`,
      JSON.stringify(Object.fromEntries(outcomes)),
    );
    expect([...outcomes.values()].reduce((sum, count) => sum + count, 0)).toBe(REQUESTS);
    expect([...outcomes.keys()].filter((name) => !EXPECTED.has(name))).toEqual([]);
    await client.aclose();
    for (const { peer } of servers) peer.free();
    await environment.host.settled();
    expect(environment.connector.open).toBe(0);
    await environment.host.advance(120_000);
    expect(environment.host.timersSet).toBe(0);
    expect(liveOctets()).toBe(before);
  },
  120_000,
);

const EXPECTED: ReadonlySet<string> = new Set([
  'got true',
  'posted true',
  'uploaded true',
  'closed',
  'streamed',
  'got before the abort',
  'AbortedByTest',
  'RemoteProtocolError',
  'ReadTimeout',
  'WriteTimeout',
  'PoolTimeout',
]);
