// The demo's scenes. Each does one thing with the public API, checks what came of it, and answers with a sentence; a
// scene that comes out otherwise throws. Where httpx-wasm must fail, the failure is the point.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as httpx from 'httpx-wasm';
import { patternDigest } from './pattern.mjs';
import { megabytes, note, progressBar } from './screen.mjs';

const MEGABYTE = 2 ** 20;
const DOWNLOAD_OCTETS = 256 * MEGABYTE;
const UPLOAD_OCTETS = 32 * MEGABYTE;
const UPLOAD_PIECE_OCTETS = 64 * 1024;
/**
 * What the process, servers included, may grow by while it downloads. Octets that were handed out are garbage, and V8 lets
 * up to 64 MB of such garbage stand before it collects: growth levels off there, however long the download.
 */
const RSS_GROWTH_MAX = 128 * MEGABYTE;
const CONCURRENT = 200;
const TIMEOUT_MS = 250;
/** A timer may be late on a busy machine; a client that waits for ever is what must not be. */
const TIMEOUT_SLACK_MS = 5_000;

const milliseconds = (since) => `${(performance.now() - since).toFixed(0)} ms`;

/** Runs `use` with a client that is closed afterwards, whatever happens. */
async function withClient(options, use) {
  const client = new httpx.AsyncClient(options);
  try {
    return await use(client);
  } finally {
    await client.aclose();
  }
}

/** What `promise` rejects with. @throws if it does not, or with something of another class. */
async function failureOf(promise, ErrorClass) {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof ErrorClass, `expected ${ErrorClass.name}, got ${error?.stack ?? error}`);
    note(`${error.name} (${error.code}): ${error.message}`);
    return error;
  }
  throw new Error(`expected ${ErrorClass.name}, but the request succeeded`);
}

async function decodeGzip({ base }) {
  return withClient({ baseUrl: base }, async (client) => {
    const response = await client.get('/gzip');
    assert.equal(response.headers.get('content-encoding'), 'gzip');
    assert.equal(response.json().lines.length, 500);
    const { numBytesDownloaded: coded } = response;
    assert.ok(coded < response.content.length);
    return `${response.content.length} octets of JSON, ${coded} on the wire`;
  });
}

async function readChunks({ base }) {
  return withClient({ baseUrl: base }, async (client) => {
    const response = await client.stream('GET', '/chunked');
    const lines = [];
    for await (const line of response.aiterLines()) lines.push(line);
    assert.deepEqual(lines, ['one', 'two', 'three', 'four', 'five']);
    assert.equal(response.trailers.get('x-chunks'), '5');
    return `${lines.length} lines as they came, and a trailer: x-chunks: ${response.trailers.get('x-chunks')}`;
  });
}

async function getManyAtOnce({ base, sockets }) {
  return withClient({ baseUrl: base }, async (client) => {
    const since = performance.now();
    const asked = Array.from({ length: CONCURRENT }, (_, n) => client.get('/plain', { params: { n } }));
    const answers = await Promise.all(asked);
    assert.deepEqual(
      answers.map((response) => response.json().n),
      answers.map((_, n) => n),
    );
    const { most } = await sockets();
    assert.ok(most <= 100, `expected at most 100 connections, got ${most}`);
    return `${answers.length} answers, each to its own question, in ${milliseconds(since)} over ${most} connections`;
  });
}

async function downloadStreaming({ base }) {
  return withClient({ baseUrl: base }, async (client) => {
    const rssBefore = process.memoryUsage.rss();
    const since = performance.now();
    const hash = createHash('sha256');
    const bar = progressBar(DOWNLOAD_OCTETS);
    let rssMost = rssBefore;
    const response = await client.stream('GET', '/big', { params: { octets: DOWNLOAD_OCTETS } });
    let octets = 0;
    for await (const chunk of response.aiterBytes()) {
      hash.update(chunk);
      octets += chunk.length;
      rssMost = Math.max(rssMost, process.memoryUsage.rss());
      bar.show(octets, `${megabytes(octets)}, memory +${megabytes(rssMost - rssBefore)}`);
    }
    bar.end();
    assert.equal(octets, DOWNLOAD_OCTETS);
    assert.equal(hash.digest('hex'), patternDigest(DOWNLOAD_OCTETS));
    const growth = rssMost - rssBefore;
    assert.ok(growth <= RSS_GROWTH_MAX, `memory grew by ${megabytes(growth)}, more than ${megabytes(RSS_GROWTH_MAX)}`);
    return `${megabytes(octets)} in ${milliseconds(since)}, every octet right, memory +${megabytes(growth)} at most`;
  });
}

/** Octets to upload, made as they are asked for. */
async function* pieces(hash) {
  for (let made = 0; made < UPLOAD_OCTETS; made += UPLOAD_PIECE_OCTETS) {
    const piece = new Uint8Array(UPLOAD_PIECE_OCTETS).fill(made / UPLOAD_PIECE_OCTETS);
    hash.update(piece);
    yield piece;
  }
}

async function uploadStreaming({ base }) {
  return withClient({ baseUrl: base }, async (client) => {
    const hash = createHash('sha256');
    const response = await client.post('/upload', { content: pieces(hash) });
    const seen = response.raiseForStatus().json();
    assert.equal(seen.octets, UPLOAD_OCTETS);
    assert.equal(seen.sha256, hash.digest('hex'));
    return `the server saw ${megabytes(seen.octets)} (${seen.framing}), sha256 ${seen.sha256.slice(0, 16)}…: as sent`;
  });
}

async function giveUpInTime({ base }) {
  return withClient({ baseUrl: base }, async (client) => {
    const since = performance.now();
    const error = await failureOf(client.get('/slow', { timeout: `${TIMEOUT_MS}ms` }), httpx.ReadTimeout);
    const waited = performance.now() - since;
    assert.ok(waited >= TIMEOUT_MS - 2 && waited < TIMEOUT_MS + TIMEOUT_SLACK_MS, `waited ${waited} ms`);
    assert.match(error.message, new RegExp(`after ${TIMEOUT_MS} ms`));
    return `gave up after ${milliseconds(since)}, and says what it waited for`;
  });
}

async function cancelBySignal({ base }) {
  return withClient({ baseUrl: base }, async (client) => {
    const aborter = new AbortController();
    const asked = client.get('/slow', { signal: aborter.signal });
    const reason = new Error('the user has left the page');
    setTimeout(() => aborter.abort(reason), 50);
    await assert.rejects(asked, (error) => error === reason);
    const after = await client.get('/plain', { params: { n: 7 } });
    assert.equal(after.json().n, 7);
    return 'rejected with the reason given; the client goes on';
  });
}

async function turnStatusIntoError({ base }) {
  return withClient({ baseUrl: base }, async (client) => {
    const response = await client.get('/failing');
    const raise = async () => response.raiseForStatus();
    const error = await failureOf(raise(), httpx.HTTPStatusError);
    assert.equal(error.response.text, 'out of coffee');
    return `${response.statusCode} is an answer; raiseForStatus() makes it an error that holds the response`;
  });
}

async function refuseUnknownAuthority({ secureBase }) {
  return withClient({ baseUrl: secureBase }, async (client) => {
    const error = await failureOf(client.get('/plain'), httpx.ConnectError);
    assert.equal(error.phase, 'tls');
    assert.equal(error.sent, 'none');
    return 'nobody vouches for this certificate: nothing was sent';
  });
}

async function trustGivenAuthority({ secureBase, authority }) {
  return withClient({ baseUrl: secureBase, verify: { ca: authority } }, async (client) => {
    const response = await client.get('/plain', { params: { n: 1 } });
    assert.equal(response.json().secure, true);
    return 'with the authority given, the same server answers over TLS';
  });
}

async function refuseMalformed({ base }) {
  return withClient({ baseUrl: base }, async (client) => {
    const error = await failureOf(client.get('/malformed'), httpx.RemoteProtocolError);
    assert.match(error.message, /RFC 9112/);
    const after = await client.get('/plain', { params: { n: 8 } });
    assert.equal(after.json().n, 8);
    return 'two lengths that disagree are refused, not guessed at; the next request has a new connection';
  });
}

function getBlocking({ base, secureBase, authority }) {
  const client = new httpx.Client({ verify: { ca: authority }, timeout: `${TIMEOUT_MS}ms` });
  try {
    const start = performance.now();
    assert.equal(client.get(`${base}/plain`, { params: { n: 9 } }).json().n, 9);
    assert.equal(client.get(`${secureBase}/plain`, { params: { n: 10 } }).json().secure, true);
    const lines = [...client.stream('GET', `${base}/chunked`).iterLines()];
    assert.deepEqual(lines, ['one', 'two', 'three', 'four', 'five']);
    assert.throws(() => client.get(`${base}/slow`), httpx.ReadTimeout);
    return `two answers, over TLS too, ${lines.length} lines and a timeout, without one await, in ${milliseconds(start)}`;
  } finally {
    client.close();
  }
}

async function leaveNothingBehind({ sockets }) {
  let open = (await sockets()).open;
  for (let tries = 0; open > 0 && tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    open = (await sockets()).open;
  }
  assert.equal(open, 0, `the servers still see ${open} connections`);
  return 'every client was closed, and the servers see no connection';
}

export const scenes = [
  { title: 'A compressed response', run: decodeGzip },
  { title: 'A chunked response, line by line', run: readChunks },
  { title: `${CONCURRENT} requests at once`, run: getManyAtOnce },
  { title: `A download of ${megabytes(DOWNLOAD_OCTETS)}, streamed`, run: downloadStreaming },
  { title: `An upload of ${megabytes(UPLOAD_OCTETS)}, streamed`, run: uploadStreaming },
  { title: 'A server that does not answer', run: giveUpInTime },
  { title: 'A caller who changes his mind', run: cancelBySignal },
  { title: 'A server that fails', run: turnStatusIntoError },
  { title: 'A certificate of an unknown authority', run: refuseUnknownAuthority },
  { title: 'The same certificate, its authority known', run: trustGivenAuthority },
  { title: 'A malformed response', run: refuseMalformed },
  { title: 'The blocking client', run: getBlocking },
  { title: 'The end', run: leaveNothingBehind },
];
