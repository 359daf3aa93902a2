/**
 * Servers of HTTP/2 that send without end what brings nothing on (SECURITY § 3): each call fails and says by which limit, the
 * connection is closed, and what the server can send is bounded. What each limit is exactly, test/core/http2/security.test.ts
 * says.
 */
import { describe, expect, test } from 'vitest';
import { RemoteProtocolError } from '../../src/index.js';
import { failureOf } from '../support/client.js';
import { clients } from '../support/clients.js';
import { dialogue } from '../support/dialogue.js';
import { data, frame, goaway, head, hello, paddedData, ping, settings, TYPE } from '../support/http2-frames.js';
import { serve } from '../support/scripted-server.js';

/** What a loopback connection's kernels hold at the most, with room to spare. */
const KERNEL_OCTETS = 12 << 20;
/** The preface, SETTINGS, and the beginning of HEADERS of stream 1. */
const REQUEST_OCTETS = 100;
const nothing = Buffer.alloc(0);
/** HEADERS of stream 1 that leave their block open. */
const open = frame(TYPE.headers, 0, 1, Buffer.of(0x88));

describe.each(clients)('$name', (kind) => {
  test.each<[string, Buffer, Buffer, string]>([
    ['CONTINUATION without octets', open, frame(TYPE.continuation, 0, 1), 'CONTINUATION frames'],
    ['CONTINUATION of an octet each', open, frame(TYPE.continuation, 0, 1, Buffer.of(0x88)), 'the limit is 16 frames'],
    ['CONTINUATION', open, frame(TYPE.continuation, 0, 1, Buffer.alloc(16384, 0x88)), 'the limit is 65536 octets'],
    ['PING', nothing, ping('01234567'), 'the limit is 1000 frames'],
    ['SETTINGS', nothing, settings(), 'the limit is 1000 frames'],
    ['PRIORITY', nothing, frame(TYPE.priority, 0, 1, Buffer.of(0, 0, 0, 0, 1)), 'the limit is 1000 frames'],
    ['GOAWAY that leaves nothing out', nothing, goaway(0x7fffffff, 0), 'the limit is 1000 frames'],
    ['frames of no known type', nothing, frame(0x42, 0, 0), 'the limit is 1000 frames'],
    ['ALTSVC', nothing, frame(10, 0, 0, '\x00\x01ah2=":1"'), 'the limit is 1000 frames'],
    ['ORIGIN', nothing, frame(12, 0, 0, '\x00\x09https://x'), 'the limit is 1000 frames'],
    ['DATA without octets', head(1, 200), data(1, ''), 'fewer empty frames'],
    ['DATA of padding', head(1, 200), paddedData(1, '', 3), 'fewer empty frames'],
  ])('%s without end', async (_name, first, again, words) => {
    const server = await serve(
      dialogue()
        .hearInAll(REQUEST_OCTETS)
        .say(Buffer.concat([hello(), first]))
        .sayForever(again),
    );
    const call = () => kind.open({ http1: false, http2: true, timeout: { read: '20s' } }).get(server.url);
    const error = await failureOf(call, RemoteProtocolError);
    expect(error.message).toContain(words);
    await server.emptied();
    expect(server.octetsTaken).toBeLessThan(KERNEL_OCTETS + (1 << 20));
  });
});
