/** Expect: 100-continue (RFC 9110 §10.1.1): the body waits for 100, for one second, or for ever if the answer is final. */
import { describe, expect, test } from 'vitest';
import { fakeEnvironment, openClient } from '../support/client.js';
import { clients } from '../support/clients.js';
import { always, dialogue } from '../support/dialogue.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const url = 'http://fake.invalid/';
const headers = { Expect: '100-continue' };

async function* streamed(): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode('body');
}

describe.each([
  ['octets', () => 'body'],
  ['a stream', streamed],
])('with %s', (_name, content) => {
  test('the body waits for 100', async () => {
    const environment = fakeEnvironment();
    const call = openClient({ timeout: null }, environment).post(url, { content: content(), headers });
    await environment.host.settled();
    const socket = environment.connector.socket(0);
    expect(socket.written.endsWith('\r\n\r\n')).toBe(true);
    await environment.host.advance(900);
    expect(socket.written.endsWith('\r\n\r\n')).toBe(true);
    socket.say('HTTP/1.1 100 Continue\r\n\r\n');
    await environment.host.settled();
    expect(socket.written).toContain('body');
    socket.say(answer('ok'));
    expect((await call).text).toBe('ok');
  });

  test('it waits one second and no longer', async () => {
    const environment = fakeEnvironment();
    const call = openClient({ timeout: null }, environment).post(url, { content: content(), headers });
    await environment.host.advance(999);
    const socket = environment.connector.socket(0);
    expect(socket.written).not.toContain('body');
    await environment.host.advance(1);
    expect(socket.written).toContain('body');
    socket.say(answer('ok'));
    expect((await call).text).toBe('ok');
  });

  test('other interim responses are no leave', async () => {
    const environment = fakeEnvironment();
    const call = openClient({ timeout: null }, environment).post(url, { content: content(), headers });
    await environment.host.settled();
    const socket = environment.connector.socket(0);
    socket.say('HTTP/1.1 103 Early Hints\r\n\r\n');
    await environment.host.settled();
    expect(socket.written).not.toContain('body');
    socket.say(`HTTP/1.1 100 Continue\r\n\r\n${answer('ok')}`);
    expect((await call).text).toBe('ok');
  });

  test.each(['417 Expectation Failed', '401 Unauthorized', '200 OK'])(
    'a final %s first: the body never goes, the connection is closed',
    async (status) => {
      const environment = fakeEnvironment();
      const client = openClient({ timeout: null }, environment);
      const call = client.post(url, { content: content(), headers });
      await environment.host.settled();
      const socket = environment.connector.socket(0);
      socket.say(answer('final', '', status));
      expect((await call).text).toBe('final');
      await environment.host.advance(5000);
      expect(socket.written).not.toContain('body');
      expect(socket.closed).toBe(true);
    },
  );

  test('a late 100, after the body has gone, is swallowed', async () => {
    const environment = fakeEnvironment();
    const call = openClient({ timeout: null }, environment).post(url, { content: content(), headers });
    await environment.host.advance(1000);
    const socket = environment.connector.socket(0);
    socket.say(`HTTP/1.1 100 Continue\r\n\r\n${answer('ok')}`);
    expect((await call).text).toBe('ok');
    expect(socket.closed).toBe(false);
  });
});

test('a final response first: the stream that was not read is cancelled', async () => {
  const environment = fakeEnvironment();
  const cancelled: unknown[] = [];
  const content = new ReadableStream<Uint8Array>({ cancel: (reason) => void cancelled.push(reason) });
  const call = openClient({ timeout: null }, environment).post(url, { content, headers });
  await environment.host.settled();
  environment.connector.socket(0).say(answer('no', '', '417 Expectation Failed'));
  expect((await call).statusCode).toBe(417);
  await environment.host.settled();
  expect(cancelled.length).toBe(1);
  expect(cancelled[0]).toBeInstanceOf(Error);
});

describe.each(clients)('on real sockets, $name', (kind) => {
  test('without a body there is nothing to wait for', async () => {
    const server = await serve(always(answer('ok')));
    expect((await kind.open().get(server.url, { headers })).text).toBe('ok');
  });

  test('an unasked 100 is an interim response like any other', async () => {
    const server = await serve(
      dialogue()
        .hear()
        .say(`HTTP/1.1 100 Continue\r\n\r\n${answer('ok')}`),
    );
    expect((await kind.open().get(server.url)).text).toBe('ok');
  });

  test('head first, body after 100', async () => {
    const server = await serve(
      dialogue().hearHead().say('HTTP/1.1 100 Continue\r\n\r\n').hearOctets(4).say(answer('ok')),
    );
    const response = await kind.open().post(server.url, { content: 'body', headers });
    expect(response.text).toBe('ok');
    const { heads, saidAfter, text } = server.peer(0);
    expect(saidAfter[0]?.octetsHeard).toBe(heads[0]?.length);
    expect(text.endsWith('body')).toBe(true);
  });
});
