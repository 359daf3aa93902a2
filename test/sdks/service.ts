/** A server that answers as the services of the SDKs do, as far as the tests ask. It notes what it was asked. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the service saw it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** The service, open. */
export interface Service {
  readonly url: string;
  readonly seen: Seen[];
  /** Connections so far. */
  readonly connections: () => number;
  /** Streams that their reader gave up. */
  readonly abandoned: () => number;
  close(): void;
}

type Answer = (seen: Seen, response: ServerResponse) => void;

function json(response: ServerResponse, value: unknown, status = 200, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

/** Server-sent events, each written in a turn of its own and cut in two, as networks do. */
async function events(response: ServerResponse, items: readonly { event?: string; data: unknown }[]): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const { event, data } of items) {
    const name = event === undefined ? '' : `event: ${event}\n`;
    const text = `${name}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
    const half = Math.floor(text.length / 2);
    for (const part of [text.slice(0, half), text.slice(half)]) {
      if (response.destroyed) return;
      response.write(part);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  response.end();
}

const completion = (content: string): object => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 0,
  model: 'test',
  choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
});
const delta = (content: string): object => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 0,
  model: 'test',
  choices: [{ index: 0, delta: { content }, finish_reason: null }],
});
const message = (content: readonly object[]): object => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'test',
  content,
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 },
});

const WORDS = ['one ', 'two ', 'three — ☃'];
let refusals = 0;

const ANSWERS: Readonly<Record<string, Answer>> = {
  'POST /v1/chat/completions': ({ body }, response) => {
    const { stream, messages } = JSON.parse(body) as { stream?: boolean; messages: { content: string }[] };
    if (messages[0]?.content === 'endless') {
      void events(
        response,
        Array.from({ length: 10_000 }, (_, i) => ({ data: delta(`${i} `) })),
      );
    } else if (messages[0]?.content === 'broken') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'content-length': '1000' });
      response.write(`data: ${JSON.stringify(delta('half'))}\n\n`, () => response.destroy());
    } else if (messages[0]?.content === 'busy' && refusals++ === 0) {
      json(response, { error: { message: 'slow down' } }, 429, { 'retry-after-ms': '1' });
    } else if (messages[0]?.content === 'wrong') {
      json(response, { error: { message: 'no such model', type: 'invalid_request_error', code: null } }, 404);
    } else if (stream === true) {
      void events(response, [...WORDS.map((word) => ({ data: delta(word) })), { data: '[DONE]' }]);
    } else json(response, completion(WORDS.join('')));
  },
  'POST /v1/files': ({ headers, body }, response) => {
    const [, boundary = ''] = /boundary=(.*)$/.exec(headers['content-type'] ?? '') ?? [];
    const parts = body.split(`--${boundary}`).slice(1, -1);
    json(response, {
      id: 'file-1',
      object: 'file',
      bytes: body.length,
      filename: parts.map((p) => p.trim()).join('|'),
    });
  },
  'GET /v1/files/file-1/content': (_seen, response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(Buffer.from([0, 255, 1, 254]));
  },
  'POST /v1/messages': ({ body }, response) => {
    if ((JSON.parse(body) as { stream?: boolean }).stream !== true) {
      return json(response, { ...message([{ type: 'text', text: WORDS.join('') }]), stop_reason: 'end_turn' });
    }
    const items: { event: string; data: object }[] = [
      { event: 'message_start', data: { type: 'message_start', message: message([]) } },
      {
        event: 'content_block_start',
        data: { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      },
      { event: 'ping', data: { type: 'ping' } },
      ...WORDS.map((text) => ({
        event: 'content_block_delta',
        data: { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
      })),
      { event: 'content_block_stop', data: { type: 'content_block_stop', index: 0 } },
      {
        event: 'message_delta',
        data: {
          type: 'message_delta',
          delta: { stop_reason: 'end_turn', stop_sequence: null },
          usage: { output_tokens: 3 },
        },
      },
      { event: 'message_stop', data: { type: 'message_stop' } },
    ];
    void events(response, items);
  },
  'GET /repos/o/r/issues': ({ url }, response) => {
    const page = Number(new URL(url, 'http://x').searchParams.get('page') ?? '1');
    const link = page < 3 ? { link: `<http://x/repos/o/r/issues?page=${page + 1}>; rel="next"` } : {};
    json(response, [{ number: page }], 200, link as Record<string, string>);
  },
  'GET /repos/o/none': (_seen, response) => json(response, { message: 'Not Found' }, 404),
  'GET /rest/people': ({ url }, response) => {
    json(response, [{ name: 'Ada', query: new URL(url, 'http://x').search }], 200, { 'content-range': '0-0/1' });
  },
  'POST /rest/people': ({ body }, response) => json(response, JSON.parse(body), 201),
};

/** Opens the service. */
export async function openService(): Promise<Service> {
  const seen: Seen[] = [];
  let connections = 0;
  let abandoned = 0;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request.setEncoding('utf8')) body += piece;
    const { method = '', url = '', headers } = request;
    const each = { method, url, headers, body };
    seen.push(each);
    response.on('close', () => {
      if (!response.writableFinished) abandoned++;
    });
    const answer = ANSWERS[`${method} ${url.split('?')[0]}`];
    if (answer === undefined) json(response, { error: { message: `no route ${method} ${url}` } }, 501);
    else answer(each, response);
  });
  server.on('connection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    connections: () => connections,
    abandoned: () => abandoned,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
