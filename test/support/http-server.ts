/**
 * A real HTTP server (node:http, tests only) for what needs no script: routes by path, and a count of connections.
 * Closed, with every socket of it, when the test ends.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export type Route = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void | Promise<void>;

export class HttpServer {
  /** Connections accepted so far. */
  accepted = 0;
  /** Request lines in the order in which they came. */
  readonly requests: string[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(routes: Readonly<Record<string, Route>>) {
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      this.requests.push(`${request.method} ${request.url}`);
      void this.#answer(routes, request, response);
    });
    this.#server.on('connection', (socket) => {
      this.accepted++;
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  async #answer(
    routes: Readonly<Record<string, Route>>,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const parts: Buffer[] = [];
    try {
      for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    } catch {
      return;
    }
    const path = (request.url ?? '/').split('?', 1)[0] as string;
    const route = routes[path] ?? routes['*'];
    if (route === undefined) response.writeHead(404).end();
    else await route(request, response, Buffer.concat(parts));
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export async function serveHttp(routes: Readonly<Record<string, Route>>): Promise<HttpServer> {
  const server = new HttpServer(routes);
  await server.listen();
  onTestFinished(() => server.close());
  return server;
}

/** What a request looked like to the server, as JSON. */
export const echo: Route = (request, response, body) => {
  const text = JSON.stringify({
    method: request.method,
    target: request.url,
    headers: request.rawHeaders,
    body: body.toString('latin1'),
  });
  response.setHeader('content-type', 'application/json');
  response.end(text);
};
