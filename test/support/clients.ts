/**
 * Both clients behind one face, for suites that hold for either: `describe.each(clients)`. A test asks with `await`, which
 * the blocking client's answers do not need and do not mind; where a call may fail it is given as a function. While the
 * blocking client waits, its thread stands still: whoever is to answer it must be in another one (scripted-server.ts), and
 * what is to happen meanwhile must be in the script.
 */
import { afterAll, onTestFinished } from 'vitest';
import { Deadlines } from '../../src/deadlines.js';
import { blockingRuntime, type Environment } from '../../src/environment.js';
import type { Address, Cancel, Connector } from '../../src/hosts/socket.js';
import * as httpx from '../../src/index.js';
import {
  AsyncClient,
  type AsyncResponse,
  Client,
  type MaybePromise,
  type MockTransport,
  type Request,
  type Response,
  type SyncResponse,
} from '../../src/index.js';
import * as sync from '../../src/sync.js';
import { type ClientOptions, type ClockEnvironment, clockEnvironment, fakeEnvironment } from './client.js';
import { BlockingFakeConnector } from './fake-blocking.js';
import { FakeHost } from './fake-host.js';
import { answering } from './fake-socket.js';

export type AnyClient = AsyncClient | Client;
export type AnyResponse = AsyncResponse | SyncResponse;
/** Hooks of either client: what they are called with is a request and a response, whichever way they are seen. */
interface Hooks {
  readonly request?: readonly ((request: Request) => void)[];
  readonly response?: readonly ((response: Response) => void)[];
}
/** What both can be told: transports are of one kind or of the other, but for those that are of both. */
export interface Settings extends Omit<ClientOptions, 'transport' | 'mounts' | 'wrapTransport' | 'eventHooks'> {
  readonly eventHooks?: Hooks;
  readonly transport?: MockTransport;
  readonly mounts?: Readonly<Record<string, MockTransport | null>>;
  readonly wrapTransport?: (inner: unknown) => MockTransport;
}
/** To be gone through by `for await`, or by `await … .next()`. */
export type Pieces<T> = AsyncIterableIterator<T, undefined> | IterableIterator<T, undefined>;

type Octets = Uint8Array<ArrayBuffer>;

/** A client on fake sockets, and what a test sees of them. */
export interface FakeSide {
  readonly client: AnyClient;
  readonly connector: {
    readonly sockets: readonly { readonly written: string; readonly closed: boolean }[];
    readonly open: number;
  };
  readonly host: FakeHost;
}

/** What fake sockets answer each request with: always the same, or by connection and request on it. */
type FakeAnswers = string | ((connection: number, request: number) => string | Uint8Array);

/** Requests that one fake connection answers. */
const FAKE_ANSWERS = 8;

/** One of the two. */
export interface ClientKind {
  readonly name: 'AsyncClient' | 'Client';
  /** The functions that make a client for one call. */
  readonly functions: typeof httpx | typeof sync;
  /** A client that is closed when the test ends. */
  open(settings?: Settings, environment?: Environment): AnyClient;
  /** A client over a transport of these settings; it is closed when the test ends. */
  over(settings: httpx.HTTPTransportOptions): AnyClient;
  /** Fake sockets that answer each request. */
  fake(answers: FakeAnswers, settings?: Settings): FakeSide;
  /** Real sockets, and a host that the test moves and feeds. */
  environment(): ClockEnvironment;
  /** A request body of unknown length: what `pieces` gives, in a generator such as the client takes. */
  pieces(pieces: Iterable<string | Uint8Array>): AsyncGenerator<Uint8Array> | Generator<Uint8Array>;
  /** The whole body. */
  read(response: AnyResponse | Response): MaybePromise<Octets>;
  raw(response: AnyResponse | Response, chunkSize?: number): Pieces<Octets>;
  bytes(response: AnyResponse | Response, chunkSize?: number): Pieces<Octets>;
  text(response: AnyResponse | Response, chunkSize?: number): Pieces<string>;
  lines(response: AnyResponse | Response): Pieces<string>;
  close(closed: AnyResponse | Response | AnyClient): MaybePromise<void>;
}

/** A received response has the members of both clients; its own kind of client declares those that it may use. */
const asAsync = (response: AnyResponse | Response): AsyncResponse => response as AsyncResponse;
const asSync = (response: AnyResponse | Response): SyncResponse => response as unknown as SyncResponse;

const NOWHERE: Address = {
  host: 'localhost',
  port: 0,
  uds: '/nonexistent/httpx-wasm.sock',
  localAddress: null,
  socketOptions: null,
  tls: null,
  resolve: null,
  allowAddress: null,
};
const UNWATCHED: Cancel = {
  cancelled: false,
  onCancel: null,
  phase: 'connect',
  now: () => 0,
  resolvedAt: 0,
  connectedAt: 0,
  securedAt: 0,
};

const answerOf = (answers: FakeAnswers, connection: number, request: number): string | Uint8Array =>
  typeof answers === 'string' ? answers : answers(connection, request);
const encoded = (piece: string | Uint8Array): Uint8Array =>
  typeof piece === 'string' ? new TextEncoder().encode(piece) : piece;

const asynchronous: ClientKind = {
  name: 'AsyncClient',
  functions: httpx,
  open(settings = {}, environment = undefined) {
    const client = new AsyncClient(settings, environment);
    onTestFinished(() => client.aclose());
    return client;
  },
  over(settings) {
    const client = new AsyncClient({ transport: new httpx.AsyncHTTPTransport(settings) });
    onTestFinished(() => client.aclose());
    return client;
  },
  fake(answers, settings) {
    const environment = fakeEnvironment();
    const { connector, host } = environment;
    connector.onSocket = (socket, connection) =>
      answering((_head, request) => answerOf(answers, connection, request))(socket);
    return { client: this.open(settings, environment), connector, host };
  },
  environment: clockEnvironment,
  async *pieces(pieces) {
    for (const piece of pieces) {
      yield encoded(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
  },
  read: (response) => asAsync(response).aread(),
  raw: (response, chunkSize) => asAsync(response).aiterRaw(chunkSize),
  bytes: (response, chunkSize) => asAsync(response).aiterBytes(chunkSize),
  text: (response, chunkSize) => asAsync(response).aiterText(chunkSize),
  lines: (response) => asAsync(response).aiterLines(),
  close: (closed) => (closed as AsyncClient | AsyncResponse).aclose(),
};

/** Joined the thread of blocking sockets, which ends with the last who did. */
let joinedThread: Connector | null = null;

/**
 * Lets one thread of blocking sockets serve all tests of a file: to start it takes longer than most of them. It is joined by
 * connecting, here to a socket that does not exist.
 */
function joinThread(): void {
  if (joinedThread !== null) return;
  joinedThread = blockingRuntime().connector;
  joinedThread.connect(NOWHERE, { ...UNWATCHED });
}

afterAll(() => {
  joinedThread?.close();
  joinedThread = null;
});

export const blocking: ClientKind = {
  name: 'Client',
  functions: sync,
  open(settings = {}, environment = undefined) {
    if (environment === undefined) joinThread();
    const client = new Client(settings, environment);
    onTestFinished(() => client.close());
    return client;
  },
  over(settings) {
    joinThread();
    const client = new Client({ transport: new httpx.HTTPTransport(settings) });
    onTestFinished(() => client.close());
    return client;
  },
  fake(answers, settings) {
    const host = new FakeHost();
    const connector = new BlockingFakeConnector(host);
    // What comes after the first answer is not there yet when the kept connection is looked at.
    connector.onSocket = (socket, connection) => {
      for (let turn = 0; turn < FAKE_ANSWERS; turn++) {
        socket.say(answerOf(answers, connection, turn), turn === 0 ? 0 : 1);
      }
    };
    return { client: this.open(settings, { host, connector, deadlines: new Deadlines(host) }), connector, host };
  },
  environment() {
    joinThread();
    const host = new FakeHost();
    return { host, connector: blockingRuntime().connector, deadlines: new Deadlines(host) };
  },
  *pieces(pieces) {
    for (const piece of pieces) yield encoded(piece);
  },
  read: (response) => asSync(response).read(),
  raw: (response, chunkSize) => asSync(response).iterRaw(chunkSize),
  bytes: (response, chunkSize) => asSync(response).iterBytes(chunkSize),
  text: (response, chunkSize) => asSync(response).iterText(chunkSize),
  lines: (response) => asSync(response).iterLines(),
  close: (closed) => (closed as Client | SyncResponse).close(),
};

export const clients: readonly ClientKind[] = [asynchronous, blocking];

/** The whole of a body that is read piece by piece. */
export async function joined(pieces: Pieces<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  return Buffer.concat(parts);
}
