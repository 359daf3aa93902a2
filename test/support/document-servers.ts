/** The servers that the documents talk about, on ports of this machine: small, and the same every time. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import type { Certificates } from './certificates.js';

/** Where the servers listen. */
export interface Ports {
  readonly plainPort: number;
  readonly securePort: number;
}

type Page = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** Requests to `/flaky` so far: each third one is answered. */
let flaky = 0;

/** What `/events` sends to who has seen so many of them, and whether it ends the stream or breaks off. */
const EVENTS: Readonly<Record<number, readonly [events: string, isEnded: boolean]>> = {
  0: ['retry: 20\n\n: hello\nid: 1\ndata: the lamp\ndata:is on\n\nid: 2\ndata: lost', false],
  1: ['id: 2\r\nevent: degrees\r\ndata: 21.5\r\n\r\nid: 3\r\ndata: lost', true],
  2: ['id: 3\rdata: the lamp is off\r\r', true],
};

/** What `/pages` has, one on each page. */
const NAMES = ['lamp', 'desk', 'chair'];

const PAGES: Readonly<Record<string, Page>> = {
  '/': (request, response) => {
    const { subject } = (request.socket as Partial<TLSSocket>).getPeerCertificate?.() ?? {};
    response.end(subject?.CN === undefined ? 'over TLS' : `hello, ${subject.CN}`);
  },
  '/items': (request, response, body) => {
    const page = new URL(request.url ?? '/', 'http://test.invalid').searchParams.get('page');
    response.setHeader('content-type', 'application/json').end(body || JSON.stringify({ items: [], page }));
  },
  '/echo': (request, response, body) => {
    const type = request.headers['content-type'];
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ method: request.method, url: request.url, type, body }));
  },
  '/headers': (request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(request.headers));
  },
  '/big': (_request, response) => void response.end(new Uint8Array(2 ** 20)),
  '/cut': (request, response) => {
    const whole = Buffer.alloc(100_000, 'lamp ');
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.setHeader('etag', '"lamps"').setHeader('content-length', whole.length - from);
    if (from === 0) response.write(whole.subarray(0, 40_000), () => request.socket.destroy());
    else response.writeHead(206, { 'content-range': `bytes ${from}-99999/100000` }).end(whole.subarray(from));
  },
  '/size': (_request, response, body) => void response.end(`${Buffer.byteLength(body)} octets`),
  '/words': (_request, response) => void response.end('one two three'),
  '/lines': (_request, response) => void response.end('one\ntwo\u2028three\r\n'),
  '/gzip': (_request, response) => {
    response.setHeader('content-encoding', 'gzip').end(gzipSync('lamp '.repeat(20_000)));
  },
  '/trailers': (_request, response) => {
    response.write('some data');
    response.addTrailers({ 'x-checksum': '7f3a' });
    response.end();
  },
  '/events': (request, response) => {
    const [events, end] = EVENTS[Number(request.headers['last-event-id'] ?? 0)] ?? ['', true];
    if (events === '') return void response.writeHead(204).end();
    response.setHeader('content-type', 'text/event-stream');
    response.write(events, () => void (end ? response.end() : request.socket.destroy()));
  },
  '/hints': (_request, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' }, () => void response.end('a page'));
  },
  '/pages': (request, response) => {
    const page = Number(new URL(request.url ?? '/', 'http://test.invalid').searchParams.get('page') ?? '1');
    if (page < NAMES.length) response.setHeader('link', `</pages?page=${page + 1}>; rel="next"`);
    response.setHeader('content-type', 'application/json').end(JSON.stringify([{ name: NAMES[page - 1] }]));
  },
  '/moved': (_request, response) => void response.writeHead(302, { location: '/items' }).end(),
  '/digest': (request, response) => {
    const sent = request.headers.authorization ?? '';
    const said = (name: string): string => new RegExp(`\\b${name}="?([^",]*)`).exec(sent)?.[1] ?? '';
    const sha256 = (...parts: string[]): string => createHash('sha256').update(parts.join(':')).digest('hex');
    const [secret, subject] = [sha256('user', 'lamps', 'pa:ss'), sha256(request.method ?? '', '/digest')];
    if (said('response') === sha256(secret, 'n-1', said('nc'), said('cnonce'), 'auth', subject)) {
      response.end(`hello, ${said('username')}`);
      return;
    }
    const challenge = 'Digest realm="lamps", nonce="n-1", qop="auth", algorithm=SHA-256';
    response.writeHead(401, { 'www-authenticate': challenge }).end();
  },
  '/token': (request, response, body) => {
    response.setHeader('content-type', 'application/json');
    const isKnown = request.headers.authorization === `Basic ${btoa('lamps:secret')}`;
    if (isKnown && body.startsWith('grant_type=client_credentials')) {
      response.end(JSON.stringify({ access_token: 't-1', token_type: 'Bearer', expires_in: 3600 }));
    } else response.writeHead(400).end(JSON.stringify({ error: 'invalid_grant' }));
  },
  '/busy': (_request, response) => void response.writeHead(503, { 'retry-after': '120' }).end('come back later'),
  '/measurements': (_request, response, body) => void response.end(`${body.trim().split('\n').length} lines`),
  '/slow': () => {},
  '/drip': (_request, response) => void response.write('the first words'),
  '/flaky': (request, response) => {
    flaky++;
    if (flaky % 3 !== 0) request.socket.destroy();
    else response.end('at last');
  },
};

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  try {
    for await (const piece of request.setEncoding('utf8')) body += piece;
  } catch {
    // The client went away.
    return;
  }
  const path = new URL(request.url ?? '/', 'http://test.invalid').pathname;
  const page = PAGES[path];
  response.setHeader('content-type', 'text/plain');
  if (page !== undefined) page(request, response, body);
  else if (/^\/items\/\d+$/.test(path)) response.end(`item ${path.slice('/items/'.length)}`);
  else response.writeHead(404).end('no such page');
}

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Starts them, with certificates of `root`. */
export async function openDocumentServers({ root, server }: Pick<Certificates, 'root' | 'server'>): Promise<Ports> {
  const plain = createServer(answer);
  // Who asks first is told that it may not.
  plain.on('checkContinue', (_request, response: ServerResponse) => void response.writeHead(413).end('too large'));
  plain.on('upgrade', (_request, socket, head: Buffer) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.write(head);
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  const options = { ...server, ca: root.cert, requestCert: true, rejectUnauthorized: false, allowHTTP1: true };
  const secure = createSecureServer(options);
  secure.on('request', (request, response) => {
    void answer(request as unknown as IncomingMessage, response as unknown as ServerResponse);
  });
  return { plainPort: await portOf(plain), securePort: await portOf(secure) };
}
