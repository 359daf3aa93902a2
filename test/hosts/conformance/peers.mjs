// What stands beside the servers of HTTP/1.1: HTTP/2 with TLS and without, an HTTP proxy, a SOCKS5 proxy, and TLS that begins in
// the middle of a connection. All of Node's own, so that none is made of what is tested.
import { createServer, request } from 'node:http';
import { createSecureServer, createServer as createServerOfHttp2 } from 'node:http2';
import { connect, createServer as createRawServer } from 'node:net';
import { TLSSocket } from 'node:tls';

/** User and password of the proxies. */
const CREDENTIALS = ['user', 'pa:ss'];

/** Both ends of a tunnel end together. */
function joined(one, other) {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ]) {
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
    from.pipe(to);
  }
}

/** HTTP/2 without TLS, and over TLS where the client wants it by ALPN; `answer` takes what `node:http` gives, too. */
export function http2Servers(chain, answer) {
  return { h2c: createServerOfHttp2(answer), h2: createSecureServer({ ...chain, allowHTTP1: true }, answer) };
}

/** Answers CONNECT with a tunnel and forwards all else, for who has the password. `seen` counts both. */
export function httpProxy(seen) {
  const expected = `Basic ${btoa(CREDENTIALS.join(':'))}`;
  const isKnown = ({ headers }) => headers['proxy-authorization'] === expected;
  const refusal = { 'proxy-authenticate': 'Basic realm="hosts"', 'content-length': 0 };
  const server = createServer((incoming, response) => {
    if (!isKnown(incoming)) {
      response.writeHead(407, refusal).end();
      return;
    }
    seen.forwarded++;
    const { 'proxy-authorization': _, ...headers } = incoming.headers;
    const onward = request(incoming.url, { method: incoming.method, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  });
  server.on('connect', (incoming, socket) => {
    if (!isKnown(incoming)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="hosts"\r\n\r\n');
      return;
    }
    const { hostname, port } = new URL(`http://${incoming.url}`);
    const onward = connect(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname, () => {
      seen.tunnels++;
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      joined(socket, onward);
    });
    onward.on('error', () => socket.destroy());
  });
  return server;
}

/** The reader of a socket: so many octets, whatever pieces they come in. */
async function taken(socket, octets) {
  for (;;) {
    const piece = socket.read(octets);
    if (piece !== null) return piece;
    await new Promise((resolve, reject) => socket.once('readable', resolve).once('close', reject));
  }
}

/** SOCKS 5 (RFC 1928) with user and password (RFC 1929), CONNECT only. */
async function serveSocks(socket, seen) {
  const [, methods] = await taken(socket, 2);
  await taken(socket, methods);
  socket.write(Buffer.from([5, 2]));
  const [, userOctets] = await taken(socket, 2);
  const user = String(await taken(socket, userOctets));
  const [passwordOctets] = await taken(socket, 1);
  const password = String(await taken(socket, passwordOctets));
  const isKnown = user === CREDENTIALS[0] && password === CREDENTIALS[1];
  socket.write(Buffer.from([1, isKnown ? 0 : 1]));
  if (!isKnown) return void socket.end();
  const [, , , kind] = await taken(socket, 4);
  const address = await taken(socket, kind === 3 ? (await taken(socket, 1))[0] : 4);
  const host = kind === 3 ? String(address) : address.join('.');
  const port = (await taken(socket, 2)).readUInt16BE();
  const onward = connect(port, host === 'localhost' ? '127.0.0.1' : host, () => {
    seen.socks++;
    socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
    joined(socket, onward);
  });
  onward.on('error', () => socket.destroy());
  return undefined;
}

/** A SOCKS proxy. */
export function socksProxy(seen) {
  return createRawServer((socket) => {
    socket.on('error', () => {});
    serveSocks(socket, seen).catch(() => socket.destroy());
  });
}

/** Switches to TLS when asked to (101), and then says again, in capitals, what it hears. */
export function upgradeToTls({ key, cert }, socket) {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: tls\r\n\r\n');
  const secure = new TLSSocket(socket, { isServer: true, key, cert });
  secure.on('error', () => socket.destroy());
  secure.on('data', (octets) => secure.write(String(octets).toUpperCase()));
}
