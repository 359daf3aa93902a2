/** Event hooks: when they run, in which order, and what an error in one of them does. */
import { describe, expect, test } from 'vitest';
import { fakeEnvironment, openClient } from '../support/client.js';
import { always } from '../support/dialogue.js';
import { answering } from '../support/fake-socket.js';
import { answer, fieldOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

describe('event hooks', () => {
  test('run in order: request hooks before anything is sent, response hooks before the body is read', async () => {
    const server = await serve(always(answer('body')));
    const events: string[] = [];
    const client = openClient({
      eventHooks: {
        request: [
          () => void events.push(`first ${server.heads.length}`),
          async () => void events.push(`second ${server.heads.length}`),
        ],
        response: [
          (response) => {
            events.push(`response ${response.statusCode} ${response.isStreamConsumed}`);
          },
        ],
      },
    });
    const response = await client.get(server.url);
    expect(response.text).toBe('body');
    expect(events).toEqual(['first 0', 'second 0', 'response 200 false']);
  });

  test('a request hook may change headers', async () => {
    const server = await serve(always(answer('ok')));
    const client = openClient({ eventHooks: { request: [(request) => request.headers.set('X-Hook', 'yes')] } });
    await client.get(server.url);
    expect(fieldOf(server.heads[0] ?? '', 'x-hook')).toBe('yes');
  });

  test('what a request hook adds is checked like everything else', async () => {
    const environment = fakeEnvironment();
    const client = openClient(
      { eventHooks: { request: [(request) => request.headers.set('X-Hook', 'a\r\nX: y')] } },
      environment,
    );
    await expect(client.get('http://fake.invalid/')).rejects.toThrow();
    expect(environment.connector.sockets.every((socket) => socket.written === '')).toBe(true);
  });

  test('a response hook may read the body', async () => {
    const server = await serve(always(answer('early')));
    const texts: string[] = [];
    const client = openClient({
      eventHooks: {
        response: [
          async (response) => {
            await response.aread();
            texts.push(response.text);
          },
        ],
      },
    });
    expect((await client.get(server.url)).text).toBe('early');
    expect(texts).toEqual(['early']);
  });

  test('an error in a request hook is the call’s, and nothing is sent', async () => {
    const environment = fakeEnvironment();
    const mine = new Error('mine');
    const client = openClient(
      {
        eventHooks: {
          request: [
            () => {
              throw mine;
            },
          ],
        },
      },
      environment,
    );
    await expect(client.get('http://fake.invalid/')).rejects.toBe(mine);
    expect(environment.connector.sockets.length).toBe(0);
  });

  test('an error in a response hook is the call’s, and the response is closed', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = (socket) => {
      socket.onWritten = () => socket.say('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
    };
    const mine = new Error('mine');
    const client = openClient(
      { eventHooks: { response: [() => Promise.reject(mine)] }, limits: { maxConnections: 1 }, timeout: null },
      environment,
    );
    await expect(client.get('http://fake.invalid/')).rejects.toBe(mine);
    expect(environment.connector.open).toBe(0);
  });

  test('raiseForStatus is a hook', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = answering(() => answer('', '', '404 Not Found'));
    const client = openClient(
      { eventHooks: { response: [(response) => void response.raiseForStatus()] } },
      environment,
    );
    await expect(client.get('http://fake.invalid/')).rejects.toThrow('404 Not Found');
  });

  test('a hook that never comes back is ended by the signal', async () => {
    const environment = fakeEnvironment();
    const client = openClient({ eventHooks: { request: [() => new Promise<void>(() => {})] } }, environment);
    const controller = new AbortController();
    const call = client.get('http://fake.invalid/', { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toBe(controller.signal.reason);
  });

  test('lists may be replaced and added to between calls', async () => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = answering(() => answer('ok'));
    const client = openClient({}, environment);
    const events: string[] = [];
    await client.get('http://fake.invalid/');
    client.eventHooks.response = [() => void events.push('replaced')];
    await client.get('http://fake.invalid/');
    client.eventHooks.request.push(() => void events.push('added'));
    await client.get('http://fake.invalid/');
    client.eventHooks = { request: [() => void events.push('set')] };
    await client.get('http://fake.invalid/');
    expect(events).toEqual(['replaced', 'added', 'replaced', 'set']);
    expect(client.eventHooks.response).toEqual([]);
  });

  test('lists of unknown events are refused', () => {
    const misspelt = { respones: [() => {}] } as unknown as { response: [] };
    expect(() => openClient({ eventHooks: misspelt })).toThrow(/'respones' \(known: request, response\)/);
    const client = openClient();
    expect(() => {
      client.eventHooks = misspelt;
    }).toThrow(TypeError);
    expect(() => Object.assign(client.eventHooks, misspelt)).toThrow(TypeError);
  });
});
