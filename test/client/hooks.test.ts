/** Event hooks: when they run, in which order, and what an error in one of them does. */
import { describe, expect, test } from 'vitest';
import { BearerAuth, type MaybePromise, MockTransport, Response } from '../../src/index.js';
import { errorOf, failureOf, fakeEnvironment, openClient } from '../support/client.js';
import { blocking, clients } from '../support/clients.js';
import { always } from '../support/dialogue.js';
import { answer, fieldOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const url = 'http://fake.invalid/';

describe.each(clients)('event hooks of $name', (kind) => {
  test('run in order: request hooks before anything is sent, response hooks before the body is read', async () => {
    const server = await serve(always(answer('body')));
    const events: string[] = [];
    const client = kind.open({
      eventHooks: {
        request: [
          () => void events.push(`first ${server.heads.length}`),
          () => void events.push(`second ${server.heads.length}`),
        ],
        response: [(response) => void events.push(`response ${response.statusCode} ${response.isStreamConsumed}`)],
      },
    });
    const response = await client.get(server.url);
    expect(response.text).toBe('body');
    expect(events).toEqual(['first 0', 'second 0', 'response 200 false']);
  });

  test('a request hook may change headers', async () => {
    const server = await serve(always(answer('ok')));
    const client = kind.open({ eventHooks: { request: [(request) => request.headers.set('X-Hook', 'yes')] } });
    await client.get(server.url);
    expect(fieldOf(server.heads[0] ?? '', 'x-hook')).toBe('yes');
  });

  test('run for each request of a call, where a redirect leads too; auth stays with the first origin', async () => {
    const seen: (string | null)[][] = [];
    const transport = new MockTransport(({ url, headers }) => {
      seen.push([url.host, headers.get('x-hook'), headers.get('authorization')]);
      if (url.host === 'two.test') return new Response(200);
      return new Response(302, { headers: { location: 'http://two.test/' } });
    });
    const client = kind.open({
      transport,
      followRedirects: true,
      auth: new BearerAuth('secret'),
      eventHooks: { request: [(request) => request.headers.set('X-Hook', 'yes')] },
    });
    await client.get('http://one.test/');
    expect(seen).toEqual([
      ['one.test', 'yes', 'Bearer secret'],
      ['two.test', 'yes', null],
    ]);
  });

  test('what a request hook adds is checked like everything else', async () => {
    const { client, connector } = kind.fake(answer('ok'), {
      eventHooks: { request: [(request) => request.headers.set('X-Hook', 'a\r\nX: y')] },
    });
    expect(await errorOf(() => client.get(url))).toBeInstanceOf(Error);
    expect(connector.sockets.every((socket) => socket.written === '')).toBe(true);
  });

  test('a response hook may read the body', async () => {
    const server = await serve(always(answer('early')));
    const texts: string[] = [];
    const client = kind.open({
      eventHooks: {
        response: [
          (response) => kind.read(response) as MaybePromise<unknown> as MaybePromise<void>,
          (response) => void texts.push(response.text),
        ],
      },
    });
    expect((await client.get(server.url)).text).toBe('early');
    expect(texts).toEqual(['early']);
  });

  test('an error in a request hook is the call’s, and nothing is sent', async () => {
    const mine = new Error('mine');
    const hook = () => {
      throw mine;
    };
    const { client, connector } = kind.fake(answer('ok'), { eventHooks: { request: [hook] } });
    expect(await errorOf(() => client.get(url))).toBe(mine);
    expect(connector.sockets.length).toBe(0);
  });

  test('an error in a response hook is the call’s, and the response is closed', async () => {
    const mine = new Error('mine');
    const hook = () => {
      throw mine;
    };
    const { client, connector } = kind.fake('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', {
      eventHooks: { response: [hook] },
      timeout: null,
    });
    expect(await errorOf(() => client.get(url))).toBe(mine);
    expect(connector.open).toBe(0);
  });

  test('raiseForStatus is a hook', async () => {
    const { client } = kind.fake(answer('', '', '404 Not Found'), {
      eventHooks: { response: [(response) => void response.raiseForStatus()] },
    });
    expect(String(await errorOf(() => client.get(url)))).toContain('404 Not Found');
  });

  test('lists may be replaced and added to between calls', async () => {
    const { client } = kind.fake(answer('ok'));
    const events: string[] = [];
    await client.get(url);
    client.eventHooks.response = [() => void events.push('replaced')];
    await client.get(url);
    client.eventHooks.request.push(() => void events.push('added'));
    await client.get(url);
    client.eventHooks = { request: [() => void events.push('set')] };
    await client.get(url);
    expect(events).toEqual(['replaced', 'added', 'replaced', 'set']);
    expect(client.eventHooks.response).toEqual([]);
  });

  test('lists of unknown events are refused', () => {
    const misspelt = { respones: [() => {}] } as unknown as { response: [] };
    expect(() => kind.open({ eventHooks: misspelt })).toThrow(/'respones' \(known: request, response\)/);
    const client = kind.open();
    expect(() => {
      client.eventHooks = misspelt;
    }).toThrow(TypeError);
    expect(() => Object.assign(client.eventHooks, misspelt)).toThrow(TypeError);
  });
});

describe('AsyncClient alone: hooks that answer with promises', () => {
  test('are awaited, one after the other', async () => {
    const server = await serve(always(answer('body')));
    const events: string[] = [];
    const slow = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      events.push(`slow ${server.heads.length}`);
    };
    const client = openClient({
      eventHooks: {
        request: [slow, () => void events.push(`next ${server.heads.length}`)],
        response: [
          async (response) => {
            await response.aread();
            events.push(response.text);
          },
        ],
      },
    });
    expect((await client.get(server.url)).text).toBe('body');
    expect(events).toEqual(['slow 0', 'next 0', 'body']);
  });

  test('and reject: the call rejects with that, and the response is closed', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => socket.say('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
    };
    const mine = new Error('mine');
    const client = openClient({ eventHooks: { response: [() => Promise.reject(mine)] }, timeout: null }, environment);
    expect(await errorOf(client.get(url))).toBe(mine);
    expect(environment.connector.open).toBe(0);
  });

  test('and never come back are ended by the signal', async () => {
    const environment = fakeEnvironment();
    const client = openClient({ eventHooks: { request: [() => new Promise<void>(() => {})] } }, environment);
    const controller = new AbortController();
    const call = client.get(url, { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toBe(controller.signal.reason);
  });
});

describe('Client alone: hooks that answer with promises', () => {
  test.each(['request', 'response'] as const)('are refused: %s', async (event) => {
    const settings = { eventHooks: { [event]: [async () => {}] } };
    const { client, connector } = blocking.fake('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', settings);
    expect((await failureOf(() => client.get(url), TypeError)).message).toBe(
      `Cannot wait in a blocking call: a ${event} hook answered with a promise`,
    );
    expect(connector.open).toBe(0);
  });
});
