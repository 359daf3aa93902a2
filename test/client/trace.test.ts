/** The trace extension: who is told what, that promises are waited for, and that a function that fails does no harm. */
import type { TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import * as httpx from '../../src/index.js';
import { certificates } from '../support/certificates.js';
import { errorOf, failureOf, fakeEnvironment, openClient } from '../support/client.js';
import { blocking, clients } from '../support/clients.js';
import { always, dialogue } from '../support/dialogue.js';
import { answering } from '../support/fake-socket.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const url = 'http://fake.invalid/';

/** A client over sockets in memory that are answered by `reply`. */
function fake(reply: (head: string, index: number) => string = () => answer('ok')) {
  const environment = fakeEnvironment();
  environment.connector.onSocket = answering(reply);
  return { environment, client: openClient({ limits: { maxConnections: 1 } }, environment) };
}

function noting(names: string[]): httpx.TraceFunction {
  return (name) => void names.push(name);
}

/** Steps whose failure is the call's. */
const STEPS: readonly string[] = [
  'connection.connect_tcp.started',
  'connection.connect_tcp.complete',
  'http11.send_request_headers.started',
  'http11.send_request_headers.complete',
  'http11.send_request_body.complete',
  'http11.receive_response_headers.complete',
  'http11.receive_response_body.started',
  'http11.receive_response_body.complete',
];

describe.each(clients)('the trace extension of $name', (kind) => {
  test('is told of both ends of a TCP connection, and of the response', async () => {
    const server = await serve(always(answer('body', 'X-Field: yes\r\n')));
    const seen = new Map<string, httpx.TraceInfo>();
    const trace: httpx.TraceFunction = (name, info) => void seen.set(name, info);
    const response = await kind.open().get(server.url, { extensions: { trace } });
    const started = seen.get('connection.connect_tcp.started');
    const port = Number(new URL(server.url).port);
    expect(started).toEqual({ host: '127.0.0.1', port, localAddress: null, timeout: 5000, socketOptions: null });
    const connection = seen.get('connection.connect_tcp.complete')?.returnValue as httpx.TracedConnection;
    expect(connection.getExtraInfo('server_addr')).toEqual(['127.0.0.1', port]);
    expect(seen.get('http11.send_request_headers.started')).toEqual({ request: response.request });
    const head = seen.get('http11.receive_response_headers.complete')?.returnValue as unknown[];
    expect(head.slice(0, 3)).toEqual(['HTTP/1.1', 200, 'OK']);
    expect((head[3] as httpx.Headers).get('x-field')).toBe('yes');
    expect([...seen.keys()].at(-1)).toBe('http11.response_closed.complete');
  });

  test('is told of TLS while it is set up, and what was agreed upon', async () => {
    const { server: tls, root } = await certificates();
    const server = await serve(always(answer('ok')), { tls });
    const addresses: unknown[] = [];
    let secured: httpx.TracedConnection | null = null;
    const names: string[] = [];
    const trace: httpx.TraceFunction = (name, info) => {
      names.push(name);
      const connection = info.returnValue as httpx.TracedConnection;
      // What the worker of Client knows of a socket comes with the socket, once TLS is set up.
      const known = kind === blocking ? 'connection.start_tls.complete' : 'connection.connect_tcp.complete';
      if (name === known) addresses.push(connection.getExtraInfo('server_addr'));
      if (name === 'connection.start_tls.complete') secured = connection;
      if (name === 'connection.start_tls.started') expect(info.serverHostname).toBe('localhost');
    };
    const port = new URL(server.url).port;
    const client = kind.open({ verify: { ca: root.cert } });
    await client.get(`https://localhost:${port}/`, { extensions: { trace } });
    expect(names.slice(0, 4)).toEqual([
      'connection.connect_tcp.started',
      'connection.connect_tcp.complete',
      'connection.start_tls.started',
      'connection.start_tls.complete',
    ]);
    expect(addresses).toEqual([[expect.any(String), Number(port)]]);
    const socket = (secured as httpx.TracedConnection | null)?.getExtraInfo('ssl_object') as TLSSocket | undefined;
    // It lives in another thread.
    if (kind === blocking) return expect(socket).toBeUndefined();
    expect(socket?.getProtocol()).toMatch(/^TLSv1/);
    expect(socket?.getCipher().name).not.toBe('');
    expect(socket?.alpnProtocol).toBe(false);
    expect(socket?.getPeerCertificate().subject.CN).toBe('localhost');
  });

  test('is told that TLS failed', async () => {
    const { server: tls } = await certificates();
    const server = await serve(always(answer('ok')), { tls });
    const names: string[] = [];
    const secure = `https://localhost:${new URL(server.url).port}/`;
    await failureOf(() => kind.open().get(secure, { extensions: { trace: noting(names) } }), httpx.ConnectError);
    expect(names).toEqual([
      'connection.connect_tcp.started',
      'connection.connect_tcp.complete',
      'connection.start_tls.started',
      'connection.start_tls.failed',
    ]);
  });

  test('that throws fails the call; its connection goes back or is closed', async () => {
    for (const step of STEPS) {
      const { client, host } = kind.fake(answer('ok'), { limits: { maxConnections: 1 } });
      const error = new Error(step);
      const trace = (name: string): void => {
        if (name === step) throw error;
      };
      expect(await errorOf(() => client.get(url, { extensions: { trace } })), step).toBe(error);
      expect((await client.get(url)).text).toBe('ok');
      expect(host.warnings).toEqual([]);
    }
  });

  test('that fails where nobody is left is reported to the developer', async () => {
    const { client, host } = kind.fake(answer('ok'), { limits: { maxConnections: 1 } });
    const trace = (name: string): undefined | Promise<void> => {
      if (name === 'http11.response_closed.started') throw new Error('thrown');
      if (name === 'http11.response_closed.complete') return Promise.reject(new Error('rejected'));
      return undefined;
    };
    expect((await client.get(url, { extensions: { trace } })).text).toBe('ok');
    await new Promise((resolve) => setImmediate(resolve));
    expect(host.warnings.map((line) => line.replace(/.* at /, ''))).toEqual([
      'http11.response_closed.started: Error: thrown',
      'http11.response_closed.complete: Error: rejected',
    ]);
  });

  test('follows redirects, and a body that is read piece by piece or given up', async () => {
    const { client } = kind.fake((_connection, request) =>
      request === 0 ? answer('', 'Location: /b\r\n', '302 Found') : answer('ok'),
    );
    const names: string[] = [];
    const options = { extensions: { trace: noting(names) }, followRedirects: true };
    const response = await client.stream('GET', url, options);
    const pieces: string[] = [];
    for await (const piece of kind.text(response)) pieces.push(piece);
    expect(pieces).toEqual(['ok']);
    expect(names.filter((name) => name === 'http11.response_closed.complete').length).toBe(2);
    names.length = 0;
    const second = await client.stream('GET', url, options);
    for await (const _piece of kind.bytes(second, 1)) break;
    expect(names.slice(-3)).toEqual([
      'http11.receive_response_body.failed',
      'http11.response_closed.started',
      'http11.response_closed.complete',
    ]);
  });

  test('of a kept connection that is dead tells of both attempts', async () => {
    const server = await serve([dialogue().hear().say(answer('one')).hear().fin(), always(answer('two'))]);
    const client = kind.open();
    await client.get(server.url);
    const names: string[] = [];
    expect((await client.get(server.url, { extensions: { trace: noting(names) } })).text).toBe('two');
    expect(names.filter((name) => name.endsWith('.failed'))).toEqual(['http11.receive_response_headers.failed']);
    expect(names.filter((name) => name === 'connection.connect_tcp.started').length).toBe(1);
  });

  test('that is no function is refused by name', () => {
    const extensions = { trace: 'yes' } as unknown as httpx.RequestExtensions;
    expect(() => new httpx.Request('GET', url, { extensions })).toThrow(
      'Cannot set extensions.trace: expected a function, got string',
    );
  });
});

describe('the trace extension, of AsyncClient alone', () => {
  test('is told of TLS when it begins, not when it is over', async () => {
    const server = await serve([dialogue().stall()]);
    const controller = new AbortController();
    const names: string[] = [];
    let begun = (): void => {};
    const secures = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const trace: httpx.TraceFunction = (name) => {
      names.push(name);
      if (name === 'connection.start_tls.started') begun();
    };
    const secure = server.url.replace('http:', 'https:');
    const call = openClient().get(secure, { extensions: { trace }, signal: controller.signal });
    const told = expect(call).rejects.toThrow('enough');
    await secures;
    controller.abort(new Error('enough'));
    await told;
    expect(names.slice(1)).toEqual([
      'connection.connect_tcp.complete',
      'connection.start_tls.started',
      'connection.start_tls.failed',
    ]);
  });

  test('may be an async function, which is waited for', async () => {
    const { client } = fake();
    const names: string[] = [];
    let under = 0;
    const trace = async (name: string): Promise<void> => {
      expect(under++).toBe(0);
      await new Promise((resolve) => setImmediate(resolve));
      under--;
      if (!name.includes('response_closed')) names.push(name);
    };
    const waited: httpx.TraceFunction = (name) => (name.includes('response_closed') ? undefined : trace(name));
    expect((await client.get(url, { extensions: { trace: waited } })).text).toBe('ok');
    expect(names.length).toBe(10);
    expect(names.at(-1)).toBe('http11.receive_response_body.complete');
  });

  test('that waits for ever does not keep an aborted call', async () => {
    const { client, environment } = fake();
    const controller = new AbortController();
    const trace = (): Promise<void> => new Promise(() => {});
    const call = client.get(url, { extensions: { trace }, signal: controller.signal });
    const told = expect(call).rejects.toThrow('enough');
    controller.abort(new Error('enough'));
    await told;
    expect(environment.connector.sockets.length).toBe(0);
  });

  test('that rejects fails the call; its connection goes back or is closed', async () => {
    for (const step of STEPS) {
      const { client, environment } = fake();
      const error = new Error(step);
      const trace = (name: string): undefined | Promise<void> => (name === step ? Promise.reject(error) : undefined);
      await expect(client.get(url, { extensions: { trace } }), step).rejects.toBe(error);
      expect((await client.get(url)).text).toBe('ok');
      expect(environment.host.warnings).toEqual([]);
    }
  });
});

test('the trace extension of Client may not answer with a promise, and each place is given back', async () => {
  for (const step of STEPS) {
    const { client, host } = blocking.fake(answer('ok'), { limits: { maxConnections: 1 } });
    const trace = (name: string): undefined | Promise<void> => (name === step ? Promise.resolve() : undefined);
    const error = await failureOf(() => client.get(url, { extensions: { trace } }), TypeError);
    expect(error.message, step).toContain('blocking');
    expect((await client.get(url)).text).toBe('ok');
    expect(host.warnings).toEqual([]);
  }
});
