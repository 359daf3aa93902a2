/**
 * asgi.json of vectors/httpx as a model for HandlerTransport: the script of an ASGI application is played as a handler. A
 * handler answers once, with a head and a stream: what an ASGI application does in an order that no handler can is left out,
 * and said.
 */
import { describe, expect, test } from 'vitest';
import { AsyncClient, HandlerTransport, type Response } from '../../src/index.js';
import { httpxCases, withoutShared } from '../support/shared.js';

interface Action {
  readonly do: 'receive_all' | 'start' | 'body' | 'raise';
  readonly status?: number;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly more_body?: boolean;
}
interface Seen {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body_b64: string;
}
interface AsgiCase {
  readonly id: string;
  readonly quirk?: string;
  readonly input: {
    readonly app: readonly Action[];
    readonly request: {
      readonly method: string;
      readonly url: string;
      readonly headers?: [string, string][];
      readonly content?: string;
    };
    readonly transport?: { readonly raise_app_exceptions: boolean };
  };
  readonly expected: {
    readonly result: Seen | { readonly $error: object };
    readonly scope: Readonly<Record<string, unknown>> & { readonly headers: readonly (readonly [string, string])[] };
    readonly received?: readonly { readonly body: string }[];
  };
}

/** Cases that end differently here. */
const DEVIATIONS: ReadonlyMap<string, string> = new Map([
  ['asgi/errors/de1bb6a3fa', 'SECURITY 1.10: a body that ends too early is an error, never a success'],
]);
/** What the application does there, a handler cannot. */
const IMPOSSIBLE: ReadonlyMap<string, string> = new Map([
  ['asgi/errors/584cd460ad', 'it fails after its answer was complete: a handler has returned by then'],
]);

/** What the application was given. */
interface Given {
  method: string;
  url: string;
  headers: [string, string][];
  body: string | null;
}

/** The script as a handler. What it raises goes through the stream once that has begun, and is thrown before. */
function handlerOf(
  app: readonly Action[],
  given: Given,
): (request: globalThis.Request) => Promise<globalThis.Response> {
  return async (request) => {
    given.method = request.method;
    given.url = request.url;
    given.headers = [...request.headers];
    const start = app.find((action) => action.do === 'start');
    const raises = app.some((action) => action.do === 'raise');
    if (app.some((action) => action.do === 'receive_all')) given.body = await request.text();
    const bodies = app.filter((action) => action.do === 'body');
    const isOpen = bodies.at(-1)?.more_body === true;
    if (start === undefined || (raises && !isOpen)) throw new Error('app failed');
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const { body: text = '' } of bodies) if (text !== '') controller.enqueue(new TextEncoder().encode(text));
        if (!raises) controller.close();
      },
      pull(controller) {
        controller.error(new Error('app failed'));
      },
    });
    const headers = start.headers as [string, string][];
    return new globalThis.Response(body, { status: start.status ?? 200, headers });
  };
}

/** Fetch's fields: names in lower case, sorted, fields of one name joined, a default Content-Type not added. */
function asFetchHas(fields: readonly (readonly [string, string])[]): [string, string][] {
  return [...new Headers(fields as [string, string][])].filter(([name]) => name !== 'user-agent');
}

async function resultOf(call: Promise<Response>): Promise<Seen | { $error: unknown }> {
  try {
    const response = await call;
    const headers = response.headers.multiItems();
    return { status: response.statusCode, headers, body_b64: Buffer.from(response.content).toString('base64') };
  } catch (error) {
    return { $error: error };
  }
}

const cases = httpxCases<AsgiCase>('asgi');
// What Python's assertions refuse (no answer at all, two ends) no handler can do: it returns one Response.
const judged = (cases ?? []).filter(({ quirk }) => quirk === undefined);
const played = judged.filter(({ id }) => !IMPOSSIBLE.has(id));

describe.skipIf(cases === null)(`vectors/httpx/asgi.json ${cases === null ? withoutShared : ''}`, () => {
  test.each(played.map((each) => [each.id, each] as const))('%s', async (id, { input, expected }) => {
    const given: Given = { method: '', url: '', headers: [], body: null };
    const raiseAppExceptions = input.transport?.raise_app_exceptions ?? true;
    const transport = new HandlerTransport(handlerOf(input.app, given), { raiseAppExceptions });
    const { method, url, ...options } = input.request;
    const result = await resultOf(new AsyncClient({ transport }).request(method, url, options) as Promise<Response>);
    const { scope, received } = expected;

    const port = (scope.server as [string, number | null])[1];
    const asked = new URL(given.url);
    expect(given.method).toBe(scope.method);
    expect([`${asked.pathname}${asked.search}`.replace(/\?$/, ''), asked.protocol]).toEqual([
      `${scope.raw_path}${scope.query_string === '' ? '' : `?${scope.query_string}`}`,
      `${scope.scheme}:`,
    ]);
    expect([asked.hostname.replace(/[[\]]/g, ''), asked.port]).toEqual([
      (scope.server as [string])[0],
      port === null ? '' : String(port),
    ]);
    expect(asFetchHas(given.headers)).toEqual(asFetchHas(scope.headers));
    if (received !== undefined) expect(given.body).toBe(received.map(({ body }) => body).join(''));

    const failed = '$error' in expected.result;
    expect('$error' in result, DEVIATIONS.get(id) ?? 'whether it fails').toBe(failed !== DEVIATIONS.has(id));
    if ('$error' in result) {
      if (raiseAppExceptions) expect((result.$error as Error).message).toBe('app failed');
      return;
    }
    expect(result).toEqual({ ...expected.result, headers: asFetchHas((expected.result as Seen).headers) });
  });

  test('what a handler cannot do is among the cases', () => {
    expect(judged.length - played.length).toBe(IMPOSSIBLE.size);
    expect([...DEVIATIONS.keys()].filter((id) => !played.some((each) => each.id === id))).toEqual([]);
  });
});
