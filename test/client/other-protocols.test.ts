/** Servers that speak something else than they are spoken to: what is said of it, and that nothing is tried again. */
import { describe, expect, test } from 'vitest';
import { ConnectError, RemoteProtocolError } from '../../src/index.js';
import { otherProtocol } from '../../src/other-protocol.js';
import { failureOf } from '../support/client.js';
import { clients } from '../support/clients.js';
import { dialogue } from '../support/dialogue.js';
import { hello } from '../support/http2-frames.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

const ALERT = Uint8Array.of(0x15, 3, 1, 0, 2, 2, 0x46);
const HTTP_2_ONLY = { http1: false, http2: true };
const SPEAKS_HTTP_2 = 'it seems to speak HTTP/2 alone: set http2 to true and, for a URL with http://, http1 to false';
const SPEAKS_HTTP_1 = 'it seems to speak HTTP/1.1: do not set http1 to false';
const SPEAKS_TLS = 'it seems to speak TLS: write https:// in the URL';

describe.each(clients)('$name', (kind) => {
  test.each([
    ['HTTP/1.1 to HTTP/2', {}, hello(), SPEAKS_HTTP_2],
    ['HTTP/1.1, with HTTP/2 for TLS, to HTTP/2', { http2: true }, hello(), SPEAKS_HTTP_2],
    ['HTTP/1.1 to TLS', {}, ALERT, SPEAKS_TLS],
    ['HTTP/2 to HTTP/1.1', HTTP_2_ONLY, Buffer.from(answer('no')), SPEAKS_HTTP_1],
    ['HTTP/2 to TLS', HTTP_2_ONLY, ALERT, SPEAKS_TLS],
  ])('%s: the error names what is spoken there, and what to set', async (_what, settings, octets, said) => {
    // Whole, and its first octet alone: what comes then does not matter.
    for (const pieces of [[octets], [octets.subarray(0, 1), octets.subarray(1)]]) {
      const script = pieces.reduce((talk, piece) => talk.say(piece), dialogue().hearOctets(10));
      const server = await serve(script.fin().stall());
      const error = await failureOf(() => kind.open(settings).get(server.url), RemoteProtocolError);
      expect(error.message).toContain(`; the peer is ${new globalThis.URL(server.url).origin}; ${said}`);
      expect(error.retryable).toBe(false);
    }
  });

  test.each([
    ['HTTP/1.1', {}],
    ['HTTP/2', HTTP_2_ONLY],
  ])('%s to what is no protocol that is known by its first octet: no guess', async (_what, settings) => {
    const server = await serve(dialogue().hearOctets(10).say('SSH-2.0-OpenSSH_9.6\r\n').fin().stall());
    const error = await failureOf(() => kind.open(settings).get(server.url), RemoteProtocolError);
    expect(error.message).not.toContain('seems to speak');
  });

  test('TLS to what speaks none: the error says how it is asked without', async () => {
    const server = await serve(dialogue().hearOctets(10).say(answer('plain')).fin().stall());
    const url = server.url.replace('http:', 'https:');
    const error = await failureOf(() => kind.open().get(url), ConnectError);
    expect(error.message).toContain('the server does not speak TLS there; http:// in the URL asks for none');
  });
});

test('of all octets, those of a message that is in order say nothing', () => {
  const telling = (isHttp2: boolean) => [...Array(256).keys()].filter((octet) => otherProtocol(octet, isHttp2) !== '');
  expect(telling(false)).toEqual([0, 0x15, 0x16]);
  expect(telling(true)).toEqual([0x15, 0x16, 0x48]);
  expect([otherProtocol(-1, false), otherProtocol(-1, true)]).toEqual(['', '']);
});
