/**
 * A WebSocket spoken by hand over `networkStream` (RFC 6455), with servers that know it: what a library for that protocol would
 * stand on.
 */
import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { AsyncResponse, NetworkStream, SyncNetworkStream, SyncResponse } from '../../src/index.js';
import { type AnyClient, clients } from '../support/clients.js';
import { patternOf } from '../support/octets.js';
import { type PeerName, peers } from './peers.js';
import { servers } from './servers.js';

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const limit = { timeout: '10s' } as const;

/** One frame of a client: masked, never a fragment (§5.2). */
function frameOf(opcode: number, payload: Uint8Array): Uint8Array {
  const size = payload.length;
  const length = size < 126 ? [size] : size < 65_536 ? [126, size >> 8, size & 255] : [127, 0, 0, 0, 0];
  const head = [0x80 | opcode, 0x80 | (length[0] ?? 0), ...length.slice(1)];
  if (size >= 65_536) head.push((size >>> 24) & 255, (size >>> 16) & 255, (size >>> 8) & 255, size & 255);
  const mask = randomBytes(4);
  return Uint8Array.from([...head, ...mask, ...payload.map((octet, at) => octet ^ (mask[at & 3] ?? 0))]);
}

interface Message {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** The protocol over the stream; both kinds of stream are awaited. */
class WebSocketByHand {
  readonly #stream: NetworkStream | SyncNetworkStream;
  #heard: Buffer = Buffer.alloc(0);

  constructor(stream: NetworkStream | SyncNetworkStream) {
    this.#stream = stream;
  }

  static async open(client: AnyClient, url: string): Promise<WebSocketByHand> {
    const key = randomBytes(16).toString('base64');
    const headers = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': key,
    };
    const response = (await client.stream('GET', url, { headers })) as AsyncResponse | SyncResponse;
    expect(response.statusCode).toBe(101);
    const accepted = createHash('sha1')
      .update(key + MAGIC)
      .digest('base64');
    expect(response.headers.get('Sec-WebSocket-Accept')).toBe(accepted);
    const { networkStream } = response.extensions;
    if (networkStream === undefined) throw new Error('There is no stream');
    return new WebSocketByHand(networkStream);
  }

  async say(opcode: number, payload: Uint8Array): Promise<void> {
    await this.#stream.write(frameOf(opcode, payload), limit);
  }

  async #octets(count: number): Promise<Buffer> {
    while (this.#heard.length < count) {
      const more = await this.#stream.read(65_536, limit);
      if (more.length === 0) throw new Error(`The server ended after ${this.#heard.length} of ${count} octets`);
      this.#heard = Buffer.concat([this.#heard, more]);
    }
    const taken = this.#heard.subarray(0, count);
    this.#heard = this.#heard.subarray(count);
    return taken;
  }

  async #frame(): Promise<Message & { readonly isLast: boolean }> {
    const [first = 0, second = 0] = await this.#octets(2);
    const short = second & 127;
    const long = short < 126 ? Buffer.alloc(0) : await this.#octets(short === 126 ? 2 : 8);
    const size = short < 126 ? short : Number(long.length === 2 ? long.readUInt16BE() : long.readBigUInt64BE());
    return { opcode: first & 15, isLast: (first & 0x80) !== 0, payload: await this.#octets(size) };
  }

  /** The next message, its fragments joined (§5.4). */
  async hear(): Promise<Message> {
    let frame = await this.#frame();
    const { opcode } = frame;
    const parts = [frame.payload];
    while (!frame.isLast) {
      frame = await this.#frame();
      parts.push(frame.payload);
    }
    return { opcode, payload: Buffer.concat(parts) };
  }

  /** What is read after the end: nothing. */
  async end(): Promise<number> {
    const rest = await this.#stream.read(1, limit);
    this.#stream.close();
    return rest.length;
  }

  get streams(): NetworkStream {
    return this.#stream as NetworkStream;
  }
}

const targets: readonly (readonly [PeerName, string, boolean])[] = [
  ['ws', `http://127.0.0.1:${peers.ws.ports.plain}/`, true],
  ['wsproto', `http://127.0.0.1:${peers.wsproto.ports.plain}/`, true],
  ['hypercorn', `https://localhost:${peers.hypercorn.ports.tls}/`, false],
];

describe.each(targets)('%s', (name, url, echoesOctets) => {
  servers(name).describe('a WebSocket by hand', ({ ca }) => {
    describe.each(clients)('$name', (kind) => {
      test('text, octets of every size, ping, and an orderly close', async () => {
        const client = kind.open({ verify: ca });
        const socket = await WebSocketByHand.open(client, url);
        await socket.say(TEXT, Buffer.from('hello, wörld'));
        expect((await socket.hear()).payload.toString()).toContain('hello, wörld');
        for (const size of echoesOctets ? [0, 125, 126, 65_535, 65_536, 300_000] : []) {
          const octets = patternOf(size);
          await socket.say(BINARY, octets);
          const { opcode, payload } = await socket.hear();
          expect([opcode, payload.equals(octets)]).toEqual([BINARY, true]);
        }
        await socket.say(PING, Buffer.from('there?'));
        expect(await socket.hear()).toEqual({ opcode: PONG, payload: Buffer.from('there?') });
        await socket.say(CLOSE, Uint8Array.of(3, 232));
        const { opcode, payload } = await socket.hear();
        expect([opcode, payload.readUInt16BE()]).toEqual([CLOSE, 1000]);
        if (name === 'wsproto') socket.streams.close();
        else expect(await socket.end()).toBe(0);
      });
    });

    test('through readable and writable, many messages on their way at once', async () => {
      const client = clients[0]?.open({ verify: ca }) as AnyClient;
      const socket = await WebSocketByHand.open(client, url);
      const { readable, writable } = socket.streams;
      const writer = writable.getWriter();
      const count = 200;
      const said = (async () => {
        for (let at = 0; at < count; at++) await writer.write(frameOf(TEXT, Buffer.from(`message ${at}`)));
      })();
      let heard = '';
      for await (const octets of readable) {
        heard += Buffer.from(octets).toString('latin1');
        if (heard.includes(`message ${count - 1}`)) break;
      }
      await said;
      for (let at = 0; at < count; at++) expect(heard).toContain(`message ${at}`);
      socket.streams.close();
    });
  });
});
