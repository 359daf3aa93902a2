/**
 * A fault after every single octet: the response is cut there by FIN, by a reset, by silence until the timeout, by an abort;
 * the request by a server that goes away and by a body that fails. Each time one outcome, and nothing left behind.
 */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { liveOctets } from '../../src/core-instance.js';
import { AsyncClient, HTTPError, ReadError } from '../../src/index.js';
import { errorOf, type FakeEnvironment, fakeEnvironment } from '../support/client.js';
import { clients } from '../support/clients.js';
import { always, dialogue } from '../support/dialogue.js';
import { answering } from '../support/fake-socket.js';
import { answer, octetsOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const url = 'http://fake.invalid/';
const coded = gzipSync('decoded content');

interface Exchange {
  readonly name: string;
  readonly wire: Uint8Array;
  readonly text: string;
  /** Octets after which a FIN is the proper end. */
  readonly completeAt: number;
  /** Octets after which the message is complete by itself. */
  readonly wholeAt: number;
}

function exchange(name: string, wire: Uint8Array | string, text: string, completeAt?: number): Exchange {
  const octets = octetsOf(wire);
  return {
    name,
    wire: octets,
    text,
    completeAt: completeAt ?? octets.length,
    wholeAt: completeAt === undefined ? octets.length : Infinity,
  };
}

const untilCloseHead = 'HTTP/1.1 200 OK\r\nX: y\r\n\r\n';
const exchanges: readonly Exchange[] = [
  exchange('a length', answer('content'), 'content'),
  exchange(
    'chunks and trailers',
    'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n',
    'abcde',
  ),
  exchange(
    'gzip',
    Buffer.concat([
      octetsOf(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${coded.length}\r\n\r\n`),
      coded,
    ]),
    'decoded content',
  ),
  exchange('until the close', `${untilCloseHead}abc`, 'abc', untilCloseHead.length),
];

const faults = ['fin', 'reset', 'silence', 'abort'] as const;

interface Outcome {
  readonly text: string | null;
  readonly error: unknown;
}

async function cut(
  each: Exchange,
  at: number,
  fault: (typeof faults)[number],
  environment: FakeEnvironment,
): Promise<Outcome> {
  const client = new AsyncClient({ timeout: { read: 500 } }, environment);
  const controller = new AbortController();
  const call = client.get(url, { signal: controller.signal }).then(
    (response): Outcome => ({ text: response.text, error: null }),
    (error: unknown): Outcome => ({ text: null, error }),
  );
  await environment.host.settled();
  const socket = environment.connector.socket(environment.connector.sockets.length - 1);
  socket.say(each.wire.slice(0, at));
  await environment.host.settled();
  if (fault === 'fin') socket.fin();
  else if (fault === 'reset') socket.fail(new ReadError('Cannot read from the peer: reset'));
  else if (fault === 'abort') controller.abort(new ReadError('aborted'));
  await environment.host.advance(fault === 'silence' ? 500 : 0);
  const outcome = await call;
  await client.aclose();
  return outcome;
}

describe.each(exchanges)('a response with $name', (each) => {
  test.each(faults)('%s after every octet', async (fault) => {
    const environment = fakeEnvironment();
    await cut(each, each.wire.length, 'fin', environment);
    const before = liveOctets();
    for (let at = 0; at <= each.wire.length; at++) {
      const { text, error } = await cut(each, at, fault, environment);
      const where = `${fault} after ${at} of ${each.wire.length}`;
      const complete = at >= each.wholeAt || (fault === 'fin' && at >= each.completeAt);
      if (complete) {
        const whole = each.wholeAt === Number.POSITIVE_INFINITY ? each.text.slice(0, at - each.completeAt) : each.text;
        expect(text, where).toBe(whole);
      } else {
        expect(error, where).toBeInstanceOf(HTTPError);
        expect(text, where).toBeNull();
      }
      expect(environment.connector.open, where).toBe(0);
      expect(liveOctets(), where).toBe(before);
    }
    await environment.host.advance(60_000);
    expect(environment.host.timersSet).toBe(0);
  });
});

describe('a request', () => {
  describe.each(clients)('of $name', (kind) => {
    test.each(['fin', 'reset'] as const)('whose server goes away (%s) after each of its octets', async (fault) => {
      const answering = await serve(always(answer('ok')));
      const first = kind.open();
      await first.post(answering.url, { content: 'some content' });
      await kind.close(first);
      const octets = answering.octetsHeard;
      const client = kind.open();
      const before = liveOctets();
      const scripts = Array.from({ length: octets }, (_, at) => dialogue().hearOctets(at)[fault]());
      const server = await serve(scripts);
      for (let at = 0; at < octets; at++) {
        const error = await errorOf(() => client.post(server.url, { content: 'some content' }));
        expect(error, `after ${at} octets`).toBeInstanceOf(HTTPError);
      }
      expect(server.accepted).toBe(octets);
      await kind.close(client);
      await server.emptied();
      expect(liveOctets()).toBe(before);
    });
  });

  test.each(['throw', 'abort'] as const)('whose body ends by %s after each of its pieces', async (fault) => {
    const environment = fakeEnvironment();
    environment.connector.onSocket = answering(() => null);
    const before = liveOctets();
    for (let at = 0; at <= 20; at++) {
      const client = new AsyncClient({}, environment);
      const controller = new AbortController();
      const mine = new Error(`mine ${at}`);
      let returned = false;
      async function* body(): AsyncGenerator<Uint8Array> {
        try {
          for (let sent = 0; ; sent++) {
            if (sent === at && fault === 'throw') throw mine;
            if (sent === at) controller.abort(mine);
            yield Uint8Array.of(sent);
          }
        } finally {
          returned = true;
        }
      }
      await expect(client.post(url, { content: body(), signal: controller.signal })).rejects.toBe(mine);
      await environment.host.settled();
      expect(returned).toBe(true);
      expect(environment.connector.open).toBe(0);
      await client.aclose();
      expect(liveOctets()).toBe(before);
    }
  });
});
