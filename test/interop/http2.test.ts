/**
 * HTTP/2 with the servers of the world; README.md has the table of who is asked for what. `INTEROP_MEGABYTES=256` moves as much
 * as the issue asks for; 16 by default.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { AsyncClient, AsyncHTTPTransport, RemoteProtocolError } from '../../src/index.js';
import { errorOf } from '../support/client.js';
import { clients, joined } from '../support/clients.js';
import { type PeerName, peers } from './peers.js';
import { type Place, servers } from './servers.js';

const MEGABYTE = 1_000_000;
const MEGABYTES = Number(process.env.INTEROP_MEGABYTES ?? 16);
const sha256 = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex');

/** Servers of documents by their ports for TLS; what must be started beside them. */
const DOCUMENTS: readonly (readonly [name: PeerName, beside: readonly PeerName[]])[] = [
  ['nginx', []],
  ['apache2', []],
  ['h2o', []],
  ['caddy', []],
  ['haproxy', ['nginx']],
  ['nghttpd', []],
  ['nghttpx', ['nginx']],
];

/**
 * Signals at which a server says GOAWAY to whom it serves, and begins anew with others. Not apache2: it says GOAWAY with a code
 * of its own at SIGUSR1, and closes upon requests that it had accepted.
 */
const RELOADS: Partial<Record<PeerName, NodeJS.Signals>> = { nginx: 'SIGHUP', nghttpx: 'SIGHUP' };
/** What servers of documents say to who posts to one. */
const UPLOADED = [200, 403, 404, 405, 413, 501];

const pidOf = (path: Place['path'], name: PeerName): number =>
  Number(readFileSync(path(`run/${name}.started`), 'utf8'));
const portOf = (name: PeerName): number => (peers[name].ports as { readonly tls: number }).tls;
const request = (streamId: number | undefined): boolean => typeof streamId === 'number' && streamId % 2 === 1;

for (const [name, beside] of DOCUMENTS) {
  servers(...beside, name).describe(`HTTP/2 with ${name}`, ({ ca, path }) => {
    const baseUrl = `https://localhost:${portOf(name)}`;

    describe.each(clients)('$name', (kind) => {
      const open = () => kind.open({ baseUrl, verify: ca, http2: true, http1: false, timeout: '30s' });

      test('documents come whole, over one connection', async () => {
        const client = open();
        for (let i = 0; i < 20; i++) {
          const response = await client.get('/hello.txt');
          expect([response.httpVersion, response.statusCode, response.text]).toEqual(['HTTP/2', 200, 'hello\n']);
          expect((response.extensions as { streamId?: number }).streamId).toBe(2 * i + 1);
        }
        const large = await client.stream('GET', '/16m.bin', { headers: { 'Accept-Encoding': 'identity' } });
        expect(sha256(await joined(kind.bytes(large)))).toBe(sha256(readFileSync(path('www/16m.bin'))));
      });

      test('HEAD, and what is not there', async () => {
        const client = open();
        const head = await client.head('/hello.txt', { headers: { 'Accept-Encoding': 'identity' } });
        expect([head.statusCode, head.headers.get('content-length'), head.content.length]).toEqual([200, '6', 0]);
        expect((await client.get('/none')).statusCode).toBe(404);
      });

      test('a download that is given up, and the connection goes on', async () => {
        const client = open();
        const response = await client.stream('GET', '/16m.bin');
        let octets = 0;
        for await (const piece of kind.raw(response)) {
          octets += piece.length;
          if (octets > MEGABYTE) break;
        }
        await kind.close(response);
        const next = await client.get('/hello.txt');
        expect(next.text).toBe('hello\n');
        expect((next.extensions as { streamId?: number }).streamId).toBe(3);
      });

      test(`a body of ${MEGABYTES} MB in pieces, as far as the server wants it, and the connection goes on`, async () => {
        const client = open();
        const pieces = Array.from({ length: MEGABYTES * 10 }, () => new Uint8Array(MEGABYTE / 10));
        const posted = await client.post('/hello.txt', { content: kind.pieces(pieces) });
        expect(posted.httpVersion).toBe('HTTP/2');
        expect(UPLOADED).toContain(posted.statusCode);
        expect((await client.get('/hello.txt')).text).toBe('hello\n');
      });
    });

    test('a hundred requests at once share a connection, and none is lost', async () => {
      const client = new AsyncClient({ baseUrl, verify: ca, http2: true, timeout: '30s' });
      try {
        const responses = await Promise.all(Array.from({ length: 100 }, () => client.get('/hello.txt')));
        for (const response of responses) {
          expect([response.httpVersion, response.text]).toEqual(['HTTP/2', 'hello\n']);
          expect(request(response.extensions.streamId)).toBe(true);
        }
        expect(new Set(responses.map(({ extensions }) => extensions.streamId)).size).toBeGreaterThan(50);
      } finally {
        await client.aclose();
      }
    });

    test('forty large bodies that nobody reads, and another comes whole beside them', async () => {
      const client = new AsyncClient({
        baseUrl,
        verify: ca,
        http2: true,
        limits: { maxConnections: 1 },
        timeout: '30s',
      });
      const headers = { 'Accept-Encoding': 'identity' };
      try {
        const unread = await Promise.all(
          Array.from({ length: 40 }, () => client.stream('GET', '/16m.bin', { headers })),
        );
        const read = await client.get('/16m.bin', { headers });
        expect(sha256(read.content)).toBe(sha256(readFileSync(path('www/16m.bin'))));
        for (const response of unread) await response.aclose();
        expect((await client.get('/hello.txt')).text).toBe('hello\n');
      } finally {
        await client.aclose();
      }
    });

    test('three thousand requests, some of them given up, while the server goes away: none is lost', async () => {
      // Who is told to go away drops handshakes that it had accepted: only `retries` can make up for these.
      const transport = new AsyncHTTPTransport({ verify: ca, http2: true, retries: 3 });
      const client = new AsyncClient({ baseUrl, transport, timeout: '30s' });
      const lost: unknown[] = [];
      let left = 3000;
      const worker = async () => {
        while (left-- > 0) {
          if (left % 10 === 0) await (await client.stream('GET', '/16m.bin')).aclose();
          else {
            const answered = left % 3 === 0 ? client.post('/hello.txt', { content: 'x' }) : client.get('/hello.txt');
            await answered.catch((error: unknown) => lost.push(error));
          }
          if (left === 2000 && name in RELOADS) process.kill(pidOf(path, name), RELOADS[name]);
        }
      };
      try {
        await Promise.all(Array.from({ length: 50 }, worker));
        expect(lost).toEqual([]);
      } finally {
        await client.aclose();
      }
    });

    test(`${MEGABYTES} MB in pieces while others come whole`, async () => {
      const client = new AsyncClient({ baseUrl, verify: ca, http2: true, timeout: '30s' });
      try {
        const times = Math.ceil(MEGABYTES / 16);
        const downloads = Array.from({ length: times }, async () => {
          const response = await client.stream('GET', '/16m.bin', { headers: { 'Accept-Encoding': 'identity' } });
          let octets = 0;
          for await (const piece of response.aiterRaw()) octets += piece.length;
          return octets;
        });
        const others = Array.from({ length: 20 }, () => client.get('/hello.txt'));
        expect((await Promise.all(others)).every(({ text }) => text === 'hello\n')).toBe(true);
        const { length } = readFileSync(path('www/16m.bin'));
        expect(await Promise.all(downloads)).toEqual(downloads.map(() => length));
      } finally {
        await client.aclose();
      }
    });
  });
}

servers('hypercorn').describe('HTTP/2 with hypercorn', ({ ca }) => {
  const baseUrl = `https://localhost:${peers.hypercorn.ports.tls}`;
  describe.each(clients)('$name', (kind) => {
    test('what is posted, of known length or not, arrives whole', async () => {
      const client = kind.open({ baseUrl, verify: ca, http2: true, timeout: '30s' });
      const known = await client.post('/echo', { content: new Uint8Array(300_000) });
      expect(known.json()).toMatchObject({ http_version: '2', method: 'POST', body_len: 300_000 });
      const pieces = Array.from({ length: 30 }, () => new Uint8Array(10_000));
      const unknown = await client.post('/echo', { content: kind.pieces(pieces) });
      expect(unknown.json()).toMatchObject({ body_len: 300_000 });
    });

    test(`a body of ${MEGABYTES} MB in pieces arrives whole`, async () => {
      const client = kind.open({ baseUrl, verify: ca, http2: true, timeout: '30s' });
      const pieces = Array.from({ length: MEGABYTES * 10 }, () => new Uint8Array(MEGABYTE / 10));
      const posted = await client.post('/echo', { content: kind.pieces(pieces) });
      expect(posted.json()).toMatchObject({ http_version: '2', body_len: MEGABYTES * MEGABYTE });
    });

    test('an answer that is given up, and the connection goes on', async () => {
      const client = kind.open({ baseUrl, verify: ca, http2: true, timeout: '30s' });
      const response = await client.stream('GET', `/?${'x'.repeat(20_000)}`);
      await kind.close(response);
      const next = await client.get('/');
      expect([next.statusCode, next.extensions]).toMatchObject([200, { streamId: 3 }]);
    });

    test('without TLS by prior knowledge', async () => {
      const client = kind.open({ http1: false, http2: true });
      const response = await client.get(`http://localhost:${peers.hypercorn.ports.plain}/`);
      expect(response.json()).toMatchObject({ http_version: '2' });
    });
  });

  test('a hundred requests at once share a connection, and none is lost', async () => {
    const client = new AsyncClient({ baseUrl, verify: ca, http2: true, timeout: '30s' });
    try {
      const paths = Array.from({ length: 100 }, (_, i) => `/${i}`);
      const responses = await Promise.all(paths.map((path) => client.get(path)));
      expect(responses.map((response) => (response.json() as { path: string }).path)).toEqual(paths);
      expect(new Set(responses.map(({ extensions }) => extensions.streamId)).size).toBe(100);
    } finally {
      await client.aclose();
    }
  });
});

servers('node-h2').describe('HTTP/2 with node:http2', (place: Place) => {
  const baseUrl = `https://localhost:${peers['node-h2'].ports.tls}`;

  describe.each(clients)('$name', (kind) => {
    const open = () => kind.open({ baseUrl, verify: place.ca, http2: true, timeout: '30s' });

    test('trailers and interim responses', async () => {
      const client = open();
      const trailed = await client.get('/trailers');
      expect([trailed.text, trailed.trailers.get('x-t')]).toEqual(['hi', '1']);
      const interims: number[] = [];
      const onInterim = (status: number) => void interims.push(status);
      expect((await client.get('/early', { extensions: { onInterim } })).text).toBe('early');
      expect(interims).toEqual([103]);
    });

    test('a reset behind what node:http2 ends by itself touches no other call', async () => {
      const client = open();
      expect((await client.get('/rst')).text).toBe('part');
      expect((await client.get('/trailers')).text).toBe('hi');
    });

    test('who refuses each time is told of as such', async () => {
      const client = open();
      const error = await errorOf(() => client.post('/refuse', { content: 'x' }));
      expect(error).toBeInstanceOf(RemoteProtocolError);
      expect(error).toMatchObject({ retryable: true, sent: 'full' });
    });

    test('GOAWAY drains, and the next request makes a connection', async () => {
      const client = open();
      expect((await client.get('/goaway')).text).toBe('ab');
      expect((await client.get('/trailers')).text).toBe('hi');
    });

    test('a drip of single octets', async () => {
      expect((await open().get('/drip')).text).toBe('x'.repeat(50));
    });

    test('a download that is given up, and the connection goes on', async () => {
      const client = open();
      const response = await client.stream('GET', '/drip');
      for await (const piece of kind.raw(response)) if (piece.length > 0) break;
      await kind.close(response);
      const next = await client.get('/trailers');
      expect([next.text, next.extensions]).toMatchObject(['hi', { streamId: 3 }]);
    });

    test('an echo', async () => {
      const content = new Uint8Array(2 * MEGABYTE).map((_, i) => i);
      const response = await open().post('/echo', { content });
      expect(sha256(response.content)).toBe(sha256(content));
    });
  });

  test('an echo without end that is given up ends the upload, and the connection goes on', async () => {
    const client = new AsyncClient({ baseUrl, verify: place.ca, http2: true, timeout: '30s' });
    let ended = false;
    async function* content() {
      try {
        for (;;) yield new Uint8Array(MEGABYTE / 10);
      } finally {
        ended = true;
      }
    }
    try {
      const response = await client.stream('POST', '/echo', { content: content() });
      let octets = 0;
      for await (const piece of response.aiterRaw()) {
        octets += piece.length;
        if (octets > MEGABYTE) break;
      }
      await response.aclose();
      expect((await client.get('/trailers')).extensions).toMatchObject({ streamId: 3 });
      await expect.poll(() => ended).toBe(true);
    } finally {
      await client.aclose();
    }
  });

  test('GOAWAY under load loses no request', async () => {
    const client = new AsyncClient({ baseUrl, verify: place.ca, http2: true, timeout: '30s' });
    try {
      for (let round = 0; round < 5; round++) {
        const calls = Array.from({ length: 100 }, (_, i) =>
          i === 20 ? client.get('/goaway') : client.post('/any', { content: `${i}` }),
        );
        const responses = await Promise.all(calls);
        expect(responses.map(({ statusCode }) => statusCode)).toEqual(calls.map(() => 200));
      }
    } finally {
      await client.aclose();
    }
  });

  test(`${MEGABYTES} MB both ways at once, compared piece by piece`, async () => {
    const client = new AsyncClient({ baseUrl, verify: place.ca, http2: true, timeout: '30s' });
    const sent = createHash('sha256');
    const received = createHash('sha256');
    async function* content() {
      for (let i = 0; i < MEGABYTES * 10; i++) {
        const piece = new Uint8Array(MEGABYTE / 10).fill(i);
        sent.update(piece);
        yield piece;
      }
    }
    try {
      const response = await client.stream('POST', '/echo', { content: content() });
      let octets = 0;
      for await (const piece of response.aiterRaw()) {
        octets += piece.length;
        received.update(piece);
      }
      expect(octets).toBe(MEGABYTES * MEGABYTE);
      expect(received.digest('hex')).toBe(sent.digest('hex'));
    } finally {
      await client.aclose();
    }
  });
});
