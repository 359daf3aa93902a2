/** Requests that a peer of HTTP/2 did not process: sent again, to where, and how often (RFC 9113 §8.7; SECURITY 3.11). */
import { describe, expect, test } from 'vitest';
import { RemoteProtocolError } from '../../src/index.js';
import { failureOf } from '../support/client.js';
import { data, END_STREAM, goaway, head, hello, rstStream } from '../support/http2-frames.js';
import { http2Side } from '../support/http2-peer.js';

const url = 'https://fake.invalid/';
const REFUSED_STREAM = 7;
const HTTP_1_1_REQUIRED = 13;

describe('what the peer did not process', () => {
  test('GOAWAY: what it accepted goes on, the rest moves to a new connection, a POST too', async () => {
    const { client, environment, peer, settled } = http2Side();
    const accepted = client.get(`${url}accepted`);
    const moved = client.post(`${url}moved`, { content: 'again' });
    const server = await peer();
    server.say(hello(), goaway(1, 0));
    const second = await peer(1);
    expect(second.heard()).toEqual(['HEADERS 1 POST /moved', 'DATA 1 5 END_STREAM']);
    second.say(hello(), head(1, 201, [], END_STREAM));
    expect((await moved).statusCode).toBe(201);
    expect(server.socket.closed).toBe(false);
    server.say(head(1, 200), data(1, 'drained', END_STREAM));
    expect((await accepted).text).toBe('drained');
    await settled();
    expect(server.socket.closed).toBe(true);
    expect(environment.connector.sockets.length).toBe(2);
  });

  test('GOAWAY with last stream 0: everything moves', async () => {
    const { client, peer } = http2Side({}, (each) => each.say(hello()));
    const calls = [client.get(`${url}a`), client.get(`${url}b`)];
    (await peer()).say(goaway(0, 0));
    const second = await peer(1);
    const heads = second.heard().filter((words) => words.startsWith('HEADERS'));
    expect(heads).toEqual(['HEADERS 1 END_STREAM GET /a', 'HEADERS 3 END_STREAM GET /b']);
    second.say(head(1, 200, [], END_STREAM), head(3, 200, [], END_STREAM));
    await Promise.all(calls);
  });

  test('REFUSED_STREAM moves a request; a body that cannot be sent again fails with what is known', async () => {
    const { client, peer } = http2Side();
    const moved = client.post(url, { content: 'again' });
    (await peer()).say(hello(), rstStream(1, REFUSED_STREAM));
    (await peer(1)).say(hello(), head(1, 200, [], END_STREAM));
    expect((await moved).statusCode).toBe(200);
    const content = (async function* () {
      yield new Uint8Array(1);
    })();
    const failing = failureOf(client.post(url, { content }), RemoteProtocolError);
    (await peer(1)).say(rstStream(3, REFUSED_STREAM));
    expect(await failing).toMatchObject({ sent: 'full', retryable: false });
  });

  test('a peer that refuses again and again is asked four times', async () => {
    const { client, environment, peer } = http2Side();
    const call = failureOf(client.post(url, { content: 'x' }), RemoteProtocolError);
    for (let at = 0; at < 4; at++) (await peer(at)).say(hello(), rstStream(1, REFUSED_STREAM));
    expect(await call).toMatchObject({ sent: 'full', retryable: true });
    expect(environment.connector.sockets.length).toBe(4);
  });

  test('HTTP_1_1_REQUIRED: the request is sent over HTTP/1.1, where that is on', async () => {
    const { client, environment, peer, settled } = http2Side();
    const call = client.post(url, { content: 'again' });
    (await peer()).say(hello(), rstStream(1, HTTP_1_1_REQUIRED));
    await settled();
    const socket = environment.connector.socket(1);
    expect(socket.address.tls?.alpn).toEqual(['http/1.1']);
    expect(socket.written).toMatch(/^POST \/ HTTP\/1\.1\r\n/);
    socket.say('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    expect((await call).httpVersion).toBe('HTTP/1.1');
  });

  test('HTTP_1_1_REQUIRED is an error where HTTP/1.1 is off', async () => {
    const { client, environment, peer } = http2Side({ http1: false });
    const call = failureOf(client.post(url, { content: 'x' }), RemoteProtocolError);
    (await peer()).say(hello(), rstStream(1, HTTP_1_1_REQUIRED));
    expect((await call).message).toContain('HTTP_1_1_REQUIRED');
    expect(environment.connector.sockets.length).toBe(1);
  });
});
