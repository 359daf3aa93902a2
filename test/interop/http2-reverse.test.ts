/**
 * HTTP/2 with servers that pass requests on to an origin of ours, or run code of ours: bodies both ways, trailers, 103, streams
 * that are reset, and servers that begin anew under load. What a server cannot do is said in the table; README.md has the whole.
 */
import { createHash } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { AsyncClient, AsyncHTTPTransport, RemoteProtocolError } from '../../src/index.js';
import { errorOf } from '../support/client.js';
import { type ClientKind, clients } from '../support/clients.js';
import { absenceOfPrograms } from './peers.js';
import { type Running, reverseServers, startReverse } from './reverse-servers.js';

const MEGABYTE = 1_000_000;
const MEGABYTES = Number(process.env.INTEROP_MEGABYTES ?? 16);

type Name = keyof typeof reverseServers;

interface Traits {
  readonly trailers: 'come' | 'are left out' | null;
  /** `breaks`: it takes 103 for the response, and breaks the protocol with what comes behind it. */
  readonly early: 'comes' | 'is left out' | 'breaks' | null;
  /** Bodies and paths are answered. */
  readonly answers: boolean;
  /** It says of a response that its origin left unfinished that it is, and keeps the connection. */
  readonly resets: boolean;
  /** It passes a response on while it takes the request: others wait for an origin that waits for them. */
  readonly bothWays: boolean;
  /** What is asked for while it begins anew; `null`: it cannot. */
  readonly asked: readonly string[] | null;
}

const ALL: Traits = {
  trailers: 'come',
  early: 'comes',
  answers: true,
  resets: true,
  bothWays: true,
  asked: ['/hello', '/drip', '/digest'],
};
const NONE: Traits = { trailers: null, early: null, answers: false, resets: false, bothWays: false, asked: null };

/** By trial of the releases of Debian 12. */
const TRAITS: Readonly<Record<Name, Traits>> = {
  // It passes on trailers of gRPC alone.
  nginx: { ...ALL, early: 'breaks' },
  apache2: { ...ALL, bothWays: false, asked: null },
  h2o: { ...ALL, trailers: 'are left out', early: 'is left out', bothWays: false },
  // When it begins anew it cuts off what it passes on, not what it answers itself.
  caddy: { ...ALL, asked: ['/own'] },
  haproxy: ALL,
  nghttpx: ALL,
  // Documents alone.
  nghttpd: { ...NONE, trailers: 'come' },
  // What an application leaves unfinished costs the connection; streams that come after SIGTERM are reset without GOAWAY.
  hypercorn: { ...NONE, answers: true, bothWays: true },
};

/** What each path is answered with. */
const EXPECTED: Readonly<Record<string, string>> = {
  '/own': '/own',
  '/hello': '/hello',
  '/drip': 'x'.repeat(20),
  '/digest': createHash('sha256').update('x').digest('hex'),
};
/** Requests under load, how many at a time, and how many are left when the server begins anew. */
const REQUESTS = 1500;
const AT_ONCE = 50;
const RELOADS_AT = [1300, 900, 450];
/** On a machine that is busy. */
const LOAD_MS = 180_000;

/** `MEGABYTES` in pieces, and their digest once they were taken. */
function body() {
  const hash = createHash('sha256');
  function* pieces() {
    for (let i = 0; i < MEGABYTES * 10; i++) {
      const piece = new Uint8Array(MEGABYTE / 10).fill(i);
      hash.update(piece);
      yield piece;
    }
  }
  return { pieces: pieces(), digest: () => hash.digest('hex') };
}

/** What holds for each client alone. */
function suiteOf(kind: ClientKind, running: () => Running, { trailers, early, answers, resets }: Traits): void {
  const open = () => kind.open({ ...settingsOf(running()), http1: false });

  if (trailers !== null) {
    test(`trailers ${trailers}`, async () => {
      const response = await open().get('/trailers', { headers: { TE: 'trailers' } });
      expect([response.text, response.trailers.get('x-t')]).toEqual(['hi', trailers === 'come' ? '1' : null]);
    });
  }

  if (early === 'breaks') {
    test('103 and no response behind it breaks the protocol', async () => {
      const error = await errorOf(() => open().get('/early'));
      expect(error).toBeInstanceOf(RemoteProtocolError);
      expect((error as Error).message).toContain('expected the head of a response first');
    });
  } else if (early !== null) {
    test(`103 ${early}`, async () => {
      const interims: number[] = [];
      const onInterim = (status: number) => void interims.push(status);
      expect((await open().get('/early', { extensions: { onInterim } })).text).toBe('early');
      expect(interims).toEqual(early === 'comes' ? [103] : []);
    });
  }

  if (answers) {
    test(`${MEGABYTES} MB in pieces arrive whole`, async () => {
      const { pieces, digest } = body();
      const posted = await open().post('/digest', { content: kind.pieces(pieces) });
      expect([posted.statusCode, posted.text]).toEqual([200, digest()]);
    });
  }

  if (!resets) return;

  test('a response that dies at its origin: its stream is reset, or short, and the connection goes on', async () => {
    const client = open();
    const response = await client.stream('GET', '/doomed');
    const pieces = kind.raw(response);
    expect(Buffer.from((await pieces.next()).value ?? []).toString()).toBe('part');
    expect((await open().get('/doom')).text).toBe('done');
    const error = await errorOf(async () => await pieces.next());
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect((error as Error).message).toMatch(/reset the stream|not as many octets as Content-Length/);
    const next = await client.get('/next');
    expect([next.text, next.extensions]).toMatchObject(['/next', { streamId: 3 }]);
  });
}

function settingsOf({ baseUrl, ca }: Running) {
  return { baseUrl, verify: { ca }, http2: true, timeout: '60s' } as const;
}

/** An `AsyncClient` that is closed when the test ends. */
function opened(settings: ConstructorParameters<typeof AsyncClient>[0]): AsyncClient {
  const client = new AsyncClient(settings);
  onTestFinished(() => client.aclose());
  return client;
}

/** What takes many calls at once. */
function suiteAtOnce(running: () => Running, { answers, bothWays, asked }: Traits): void {
  if (bothWays) {
    test(`${MEGABYTES} MB both ways at once`, async () => {
      const { pieces, digest } = body();
      async function* content() {
        yield* pieces;
      }
      const response = await opened(settingsOf(running())).stream('POST', '/echo', { content: content() });
      const received = createHash('sha256');
      for await (const piece of response.aiterRaw()) received.update(piece);
      expect(received.digest('hex')).toBe(digest());
    });
  }

  if (answers) {
    test('a hundred requests at once share a connection', async () => {
      const client = opened(settingsOf(running()));
      const paths = Array.from({ length: 100 }, (_, i) => `/${i}`);
      const responses = await Promise.all(paths.map((path) => client.get(path)));
      expect(responses.map(({ text }) => text)).toEqual(paths);
      expect(new Set(responses.map(({ extensions }) => extensions.streamId)).size).toBeGreaterThan(50);
    });
  }

  if (asked !== null) {
    test('it begins anew three times under load, and no request is lost', { timeout: LOAD_MS }, async () => {
      const { connections, failures } = await load(running(), asked);
      expect(failures).toEqual([]);
      expect(connections).toBeGreaterThan(1);
    });
  }
}

/** Sends requests while the server begins anew; how many connections that took, and what went wrong. */
async function load(server: Running, asked: readonly string[]): Promise<{ connections: number; failures: unknown[] }> {
  // Who is told to go away drops handshakes that it had accepted: only `retries` can make up for these.
  const transport = new AsyncHTTPTransport({ verify: { ca: server.ca }, http2: true, retries: 3 });
  const client = opened({ baseUrl: server.baseUrl, transport, timeout: '60s' });
  const failures: unknown[] = [];
  const reloads: Promise<void>[] = [];
  let connections = 0;
  const count = (message: unknown) => {
    if ((message as { readonly state: string }).state === 'opened') connections++;
  };
  let left = REQUESTS;
  const worker = async () => {
    while (left > 0) {
      const path = asked[left % asked.length] as string;
      if (RELOADS_AT.includes(left)) reloads.push(server.reload());
      left--;
      try {
        const response = await (path === '/digest' ? client.post(path, { content: 'x' }) : client.get(path));
        if (response.statusCode !== 200 || response.text !== EXPECTED[path]) failures.push(`${path}: ${response.text}`);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  subscribe('httpx-wasm:connection', count);
  onTestFinished(() => void unsubscribe('httpx-wasm:connection', count));
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  await Promise.all(reloads);
  return { connections, failures };
}

for (const name of Object.keys(reverseServers) as Name[]) {
  const absence = absenceOfPrograms(reverseServers[name].needs);
  const title = `HTTP/2 with ${name}, configured here${absence === null ? '' : ` ${absence}`}`;
  describe.skipIf(absence !== null)(title, () => {
    let server: Running;
    beforeAll(async () => {
      server = await startReverse(name, inject('interopFolder'));
    });
    afterAll(() => server.stop());
    describe.each(clients)('$name', (kind) => suiteOf(kind, () => server, TRAITS[name]));
    suiteAtOnce(() => server, TRAITS[name]);
  });
}
