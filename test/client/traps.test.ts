/**
 * A trap in the core, which is our bug, at any of its calls: whatever that instance served is over, nobody else is blamed
 * for it, and a new instance serves what comes next. The traps are made by wrapping the exports of each instance.
 */
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AsyncResponse, DecodingError, RemoteProtocolError } from '../../src/index.js';
import { errorOf, type FakeEnvironment, fakeEnvironment, openClient } from '../support/client.js';
import { clients } from '../support/clients.js';
import { answering, type FakeSocket } from '../support/fake-socket.js';
import { answer, patternOf, textOf } from '../support/octets.js';
import { strayErrorsOf } from '../support/stray-errors.js';

type Exports = Record<string, unknown>;

const Instance = WebAssembly.Instance;
/** The export that traps at its next call. */
let trapAt: string | null = null;
let instances = 0;

/** The exports of an instance, each but the memory trapping when it is its turn. */
function trapping(exports: Exports): Exports {
  const wrapped: Exports = {};
  for (const [name, value] of Object.entries(exports)) {
    if (typeof value !== 'function') wrapped[name] = value;
    else {
      wrapped[name] = (...given: unknown[]) => {
        if (name === trapAt) {
          trapAt = null;
          throw new WebAssembly.RuntimeError('unreachable');
        }
        return value(...given);
      };
    }
  }
  return wrapped;
}

beforeAll(() => {
  WebAssembly.Instance = class {
    readonly exports: Exports;

    constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
      instances++;
      this.exports = trapping(new Instance(module, imports).exports);
    }
  } as unknown as typeof WebAssembly.Instance;
});

beforeEach(() => {
  trapAt = null;
});

afterAll(() => {
  WebAssembly.Instance = Instance;
});

const url = 'http://fake.invalid';
const coded = gzipSync('plain text');
const codedAnswer = answer(textOf(coded), 'Content-Encoding: gzip\r\n');
const unfinished = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc';

/** What the server answers to each path; `null`: nothing. */
function replyTo(head: string): string | null {
  const path = head.split(' ')[1];
  if (path === '/silent') return null;
  if (path === '/unfinished') return unfinished;
  return path === '/coded' ? codedAnswer : answer('ok');
}

/** Whatever an instance can be serving when it traps. */
interface Scene {
  readonly environment: FakeEnvironment;
  readonly client: ReturnType<typeof openClient>;
  /** Waits for its head. */
  readonly waiting: Promise<unknown>;
  /** Its body came in part. */
  readonly streamed: AsyncResponse;
  /** A call that waits too, on this socket. */
  readonly call: Promise<unknown>;
  readonly socket: FakeSocket;
  readonly controller: AbortController;
}

/** What a promise rejects with; `null`: it does not. */
function failureOfAny(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  );
}

async function scene(): Promise<Scene> {
  const environment = fakeEnvironment();
  environment.connector.onSocket = answering(replyTo);
  const client = openClient({ timeout: null }, environment);
  const streamed = await client.stream('GET', `${url}/unfinished`);
  const waiting = failureOfAny(client.get(`${url}/silent`));
  const controller = new AbortController();
  await environment.host.settled();
  const call = failureOfAny(client.get(`${url}/silent`, { signal: controller.signal }));
  await environment.host.settled();
  const socket = environment.connector.socket(2);
  await Promise.all([client.get(`${url}/idle`), client.get(`${url}/idle`)]);
  expect(environment.connector.open).toBe(5);
  return { environment, client, waiting, streamed, call, socket, controller };
}

/** The error and all its causes. */
function chainOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let each = error; each instanceof Error && chain.length < 10; each = each.cause) chain.push(each);
  return chain;
}

function expectOurFault(error: unknown): void {
  expect(error).toBeInstanceOf(Error);
  expect(error).not.toBeInstanceOf(RemoteProtocolError);
  expect(error).not.toBeInstanceOf(DecodingError);
  expect(chainOf(error).some((each) => each instanceof WebAssembly.RuntimeError)).toBe(true);
}

/** Each makes the core be called at the export, and answers with the failure of the call that this was for, if one was. */
const ways: [string, (scene: Scene) => Promise<unknown>][] = [
  [
    'connectionReceive',
    ({ socket, call }) => {
      socket.say(answer('never'));
      return call;
    },
  ],
  [
    'connectionPassed',
    ({ socket, call }) => {
      socket.say('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n').say('abc');
      return call;
    },
  ],
  [
    'connectionReceiveEnd',
    ({ socket, call }) => {
      socket.fin();
      return call;
    },
  ],
  ['connectionOpen', ({ client }) => failureOfAny(client.get(`${url}/next`))],
  ['connectionCreate', ({ client }) => failureOfAny(client.get('http://other.invalid/'))],
  ['connectionEnd', ({ client }) => failureOfAny(client.post(`${url}/next`, { content: ['abc'] }))],
  ['decoderCreate', ({ client }) => failureOfAny(client.get(`${url}/coded`))],
  ['decoderDecode', ({ client }) => failureOfAny(client.get(`${url}/coded`))],
  ['decoderEnd', ({ client }) => failureOfAny(client.get(`${url}/coded`))],
];

/** Calls that only clear up: who gave up hears what he gave up with. */
const clearing = ['connectionCancel', 'connectionFree'];

async function expectAllOver(scene: Scene, before: number): Promise<void> {
  const { environment, client, waiting, streamed } = scene;
  const old = environment.connector.sockets.slice(0, 5);
  await environment.host.settled();
  expect(old.every((socket) => socket.closed)).toBe(true);
  expectOurFault(await waiting);
  expectOurFault(await failureOfAny(streamed.aread()));
  const next = await client.get(`${url}/coded`);
  expect(next.text).toBe('plain text');
  expect(environment.connector.sockets.length).toBeGreaterThan(old.length);
  expect(instances).toBe(before + 1);
}

describe('a trap while much is under way, of AsyncClient alone: in', () => {
  test.each(ways)('%s ends what its instance served, and is not the peer’s fault', async (name, provoke) => {
    const on = await scene();
    const before = instances;
    const strays = await strayErrorsOf(async () => {
      trapAt = name;
      expectOurFault(await provoke(on));
      expect(trapAt).toBe(null);
      await expectAllOver(on, before);
    });
    expect(strays).toEqual([]);
  });

  test.each(clearing)('%s does not replace the reason of an abort', async (name) => {
    const on = await scene();
    const before = instances;
    const strays = await strayErrorsOf(async () => {
      trapAt = name;
      on.controller.abort();
      expect(await on.call).toBe(on.controller.signal.reason);
      expect(trapAt).toBe(null);
      await expectAllOver(on, before);
    });
    expect(strays).toEqual([]);
  });

  test('decoderFree takes nothing from a body that was decoded', async () => {
    const on = await scene();
    const before = instances;
    const strays = await strayErrorsOf(async () => {
      trapAt = 'decoderFree';
      expect((await on.client.get(`${url}/coded`)).text).toBe('plain text');
      expect(trapAt).toBe(null);
      await expectAllOver(on, before);
    });
    expect(strays).toEqual([]);
  });
});

describe('a trap in the second module, of AsyncClient alone', () => {
  const body = brotliCompressSync(patternOf(500_000));
  const half = body.length >> 1;
  const head = `HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: ${body.length}\r\n\r\n`;

  test.each(['decoderCreate', 'decoderDecode', 'decoderEnd'])(
    'at %s ends the body that it decodes, and no other, and no connection',
    async (name) => {
      const environment = fakeEnvironment();
      environment.connector.onSocket = answering((request) => {
        const path = request.split(' ')[1];
        if (path === '/half') return head + textOf(body.subarray(0, half));
        return path === '/br' ? head + textOf(body) : replyTo(request);
      });
      const client = openClient({ timeout: null }, environment);
      const pieces = (await client.stream('GET', `${url}/half`)).aiterBytes();
      const first = await pieces.next();
      const waiting = failureOfAny(client.get(`${url}/silent`));
      await environment.host.settled();
      const silent = environment.connector.socket(1);

      trapAt = name;
      expectOurFault(await failureOfAny(client.get(`${url}/br`)));
      expect((await client.get(`${url}/br`)).content.length).toBe(500_000);
      environment.connector.socket(0).say(textOf(body.subarray(half)));
      let octets = first.value?.length ?? 0;
      for await (const piece of pieces) octets += piece.length;
      expect(octets).toBe(500_000);
      silent.say(answer('still there'));
      expect(await waiting).toBe(null);
    },
  );
});

describe.each(clients)('a trap, of $name', (kind) => {
  test.each([
    'connectionCreate',
    'connectionOpen',
    'connectionReceive',
    'connectionEnd',
    'decoderCreate',
    'decoderDecode',
    'decoderEnd',
  ])('at %s ends the call and what its instance served, and nothing that comes next', async (name) => {
    const { client, connector } = kind.fake((connection) => (connection === 0 ? unfinished : codedAnswer), {
      timeout: null,
    });
    const streamed = await client.stream('GET', url);
    expect((await client.get(url)).text).toBe('plain text');
    const before = instances;
    trapAt = name;
    const call = () => {
      if (name === 'connectionEnd') return client.post(url, { content: ['abc'] });
      return client.get(name === 'connectionCreate' ? 'http://other.invalid/' : url);
    };
    expectOurFault(await errorOf(call));
    expect(trapAt).toBe(null);
    expectOurFault(await errorOf(() => kind.read(streamed)));
    expect(connector.open).toBe(0);
    expect((await client.get(url)).text).toBe('plain text');
    expect(instances).toBe(before + 1);
  });
});
