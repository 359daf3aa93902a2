/** The proxies that the documents talk about: they lead to ports of this machine, whatever the names. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createSocketServer, type Server, type Socket } from 'node:net';

/** Where the proxies listen. */
export interface ProxyPorts {
  readonly proxyPort: number;
  readonly socksPort: number;
}

/** The one host that the HTTP proxy leads nobody to. */
const REFUSED = 'refused.example.org';
const SOCKS_OPEN = Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]);

function join(client: Socket, port: number, connected: () => void): void {
  const origin = connect(port, '127.0.0.1', connected);
  for (const socket of [client, origin]) socket.on('error', () => {});
  origin.pipe(client).pipe(origin);
}

function forward(asked: IncomingMessage, response: ServerResponse): void {
  const { port, pathname, search } = new URL(asked.url ?? '/');
  const { method, headers } = asked;
  const onward = request({ host: '127.0.0.1', port, path: pathname + search, method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  asked.pipe(onward.on('error', () => response.destroy()));
}

function tunnel(asked: IncomingMessage, client: Socket): void {
  const { hostname, port } = new URL(`http://${asked.url}`);
  if (hostname === REFUSED) client.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
  else join(client, Number(port), () => client.write('HTTP/1.1 200 Connection established\r\n\r\n'));
}

/** Greeting and request come in one piece each: it is this machine's own loopback. */
function socks(client: Socket): void {
  client.once('data', () => {
    client.write(Buffer.from([5, 0]));
    client.once('data', (asked: Buffer) => {
      const port = asked.readUInt16BE(asked.length - 2);
      join(client, port, () => client.write(SOCKS_OPEN));
    });
  });
  client.on('error', () => {});
}

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

export async function openDocumentProxies(): Promise<ProxyPorts> {
  const http = createServer(forward).on('connect', (asked, socket) => tunnel(asked, socket as Socket));
  return { proxyPort: await portOf(http), socksPort: await portOf(createSocketServer(socks)) };
}
