// The servers that every host is tried against, in a process of their own: HTTP and HTTPS, 1.1 and 2, with the same routes,
// proxies, and one that answers with octets as they stand. Prints one line of JSON when all listen; ends with its standard input.
import { createHash, X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createRawServer } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { createAuthority, createServerCertificate } from '../../../examples/demo/certificates.mjs';
import { pattern } from './check.mjs';
import { http2Servers, httpProxy, socksProxy, upgradeToTls } from './peers.mjs';
import { vectorsOf } from './vectors.mjs';

const coded = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };
/** Streams that wait for word, by id. */
const gates = new Map();
/** Responses whose reader went away, by id. */
const gone = new Map();
const sockets = new Set();
/** Octets that were written of floods, by id. */
const floods = new Map();
/** How often a page asked for leave (CORS), by path. */
const preflights = new Map();
/** What the proxies did. */
const proxied = { forwarded: 0, tunnels: 0, socks: 0 };

function gateOf(map, id) {
  if (!map.has(id)) {
    const gate = {};
    gate.promise = new Promise((resolve) => {
      gate.open = resolve;
    });
    map.set(id, gate);
  }
  return map.get(id);
}

function send(response, octets, headers = {}) {
  response.writeHead(200, { 'content-length': octets.length, ...headers });
  response.end(octets);
}

async function contentOf(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}

const routes = {
  async echo({ request, response, url }) {
    const content = await contentOf(request);
    const headers = [];
    for (let i = 0; i < request.rawHeaders.length; i += 2) headers.push(request.rawHeaders.slice(i, i + 2));
    const digest = createHash('sha256').update(content).digest('hex');
    const seen = { method: request.method, target: request.url, query: url.search, headers };
    send(response, Buffer.from(JSON.stringify({ ...seen, octets: content.length, digest })), {
      'content-type': 'application/json',
    });
  },
  bytes: ({ response, words }) => send(response, pattern(Number(words[0]))),
  chunked({ response, words }) {
    const content = pattern(Number(words[0]));
    response.writeHead(200, { trailer: 'x-digest' });
    for (let at = 0; at < content.length; at += 1000) response.write(content.subarray(at, at + 1000));
    response.addTrailers({ 'x-digest': createHash('sha256').update(content).digest('hex') });
    response.end();
  },
  coded({ response, words }) {
    const content = Buffer.from(JSON.stringify({ coding: words[0], text: 'x'.repeat(5000) }));
    send(response, coded[words[0]](content), { 'content-encoding': words[0], 'content-type': 'application/json' });
  },
  truncated({ response }) {
    send(response, gzipSync(pattern(5000)).subarray(0, -9), { 'content-encoding': 'gzip' });
  },
  redirect({ response, words }) {
    const left = Number(words[0]);
    response.writeHead(302, { location: left > 1 ? `/redirect/${left - 1}` : '/echo?redirected=1' }).end();
  },
  cookie({ response }) {
    response.writeHead(200, { 'set-cookie': ['flavour=oat; Path=/', 'other=x; Path=/elsewhere'] }).end();
  },
  auth({ request, response }) {
    const isKnown = request.headers.authorization === `Basic ${btoa('user:pa:ss')}`;
    response.writeHead(isKnown ? 200 : 401, { 'www-authenticate': 'Basic realm="hosts"' }).end();
  },
  table({ response, words }) {
    const rows = Array.from({ length: 1000 }, (_, id) => ({ id, name: `ä ${id}` }));
    const texts =
      words[0] === 'csv'
        ? ['id,name', ...rows.map(({ id, name }) => `${id},${name}`)]
        : rows.map((row) => JSON.stringify(row));
    send(response, Buffer.from(`${texts.join('\n')}\n`));
  },
  /** So many MiB, as fast as they are taken; `flooded` tells how much has been written of them. */
  async flood({ response, words: [mib, id] }) {
    const piece = pattern(65536);
    const pieces = Number(mib) * 16;
    const closed = new Promise((resolve) => response.once('close', resolve));
    response.writeHead(200, { 'content-length': pieces * piece.length });
    for (let i = 1; i <= pieces && !response.destroyed; i++) {
      floods.set(id, i * piece.length);
      if (response.write(piece)) continue;
      await Promise.race([new Promise((resolve) => response.once('drain', resolve)), closed]);
    }
    response.end();
  },
  flooded: ({ response, words }) => response.end(String(floods.get(words[0]))),
  status: ({ response, words }) => void response.writeHead(Number(words[0])).end(),
  /** The second piece waits until somebody asks for /open. */
  async gate({ response, words }) {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write('first\n');
    response.on('close', () => gateOf(gone, words[0]).open());
    await gateOf(gates, words[0]).promise;
    response.end('second\n');
  },
  open({ response, words }) {
    gateOf(gates, words[0]).open();
    response.end();
  },
  /** Answers when the reader of that gate has gone away. */
  async gone({ response, words }) {
    await gateOf(gone, words[0]).promise;
    response.end('gone');
  },
  stall() {},
  /** What a page of another origin may not read. */
  unshared({ response }) {
    response.removeHeader('access-control-allow-origin');
    response.end('secret');
  },
  preflighted: ({ response, url }) => response.end(String(preflights.get(url.pathname) ?? 0)),
  sockets: ({ response }) => response.end(String(sockets.size)),
  proxied: ({ response }) => response.end(JSON.stringify(proxied)),
  /** Answers before it has heard the body: then hears it all the same, or has the kernel reset the connection. */
  early({ request, response, words }) {
    if (words[0] === 'and-hear-on') request.resume();
    else response.setHeader('connection', 'close');
    response.writeHead(413).end('too large');
  },
  vectors({ response, words }) {
    const vectors = vectorsOf(words[0]);
    if (vectors === null) response.writeHead(404).end();
    else send(response, Buffer.from(JSON.stringify(vectors)), { 'content-type': 'application/json' });
  },
};

function answer(request, response) {
  const url = new URL(request.url, 'http://server.invalid');
  const [name, ...words] = url.pathname.slice(1).split('/');
  response.setHeader('x-peer-port', request.socket.remotePort);
  response.setHeader('access-control-allow-origin', '*');
  const asked = request.headers['access-control-request-headers'];
  response.setHeader('access-control-allow-headers', asked ?? '*');
  response.setHeader('access-control-allow-methods', '*');
  response.setHeader('access-control-expose-headers', '*');
  if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
    preflights.set(url.pathname, (preflights.get(url.pathname) ?? 0) + 1);
    response.end();
    return;
  }
  const route = Object.hasOwn(routes, name) ? routes[name] : ({ response: r }) => r.writeHead(404).end();
  Promise.resolve(route({ request, response, url, words })).catch(() => response.destroy());
}

/** Octets of a vector, as they stand, to whoever asks for its number. */
function answerRaw(socket) {
  let head = '';
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.on('data', (octets) => {
    head += octets.toString('latin1');
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    const index = Number(/^\S+ \/(\d+) /.exec(head)?.[1]);
    head = head.slice(end + 4);
    const { input_b64, server_closes_after } = vectorsOf('h1-ambiguity').cases[index];
    socket.write(Buffer.from(input_b64, 'base64'));
    if (server_closes_after) socket.end();
  });
}

async function listening(server) {
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server.address().port;
}

const authority = await createAuthority('httpx-wasm hosts');
const leaf = await createServerCertificate(authority, { names: ['localhost'], addresses: ['127.0.0.1'] });
const chain = { key: leaf.key, cert: `${leaf.cert}\n${authority.cert}` };
// Nobody is told of this one.
const stranger = await createAuthority('a stranger');
const { key, cert } = await createServerCertificate(stranger, { names: ['localhost'], addresses: ['127.0.0.1'] });
const spki = new X509Certificate(leaf.cert).publicKey.export({ type: 'spki', format: 'der' });
const { h2c, h2 } = http2Servers(chain, answer);
const upgrading = createServer(answer).on('upgrade', (_request, socket) => upgradeToTls(chain, socket));
const ports = {
  plain: await listening(createServer(answer)),
  secure: await listening(createSecureServer(chain, answer)),
  unknown: await listening(createSecureServer({ key, cert: `${cert}\n${stranger.cert}` }, answer)),
  h2c: await listening(h2c),
  h2: await listening(h2),
  start: await listening(upgrading),
  proxy: await listening(httpProxy(proxied)),
  socks: await listening(socksProxy(proxied)),
  raw: await listening(createRawServer(answerRaw)),
};
const spkiDigest = createHash('sha256').update(spki).digest('base64');
console.log(JSON.stringify({ ...ports, ca: authority.cert, spkiDigest }));
process.stdin.on('end', () => process.exit(0)).resume();
