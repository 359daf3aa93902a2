// Bodies as WHATWG streams, piece by piece, with cancellation that reaches the server.
import { equal, failure, holds, pattern } from '../check.mjs';
import { seenGone } from '../clients.mjs';

let gates = 0;
const gateOf = (suffix) => `${Date.now()}-${gates++}-${suffix}`;

export const streams = {
  needs: [],
  cases: {
    async 'a piece is there before the server has sent the next'({ client, base }) {
      const gate = gateOf('lines');
      const response = await client.stream('GET', `${base}/gate/${gate}`);
      const lines = response.aiterLines();
      equal((await lines.next()).value, 'first', 'the first line');
      await client.get(`${base}/open/${gate}`);
      equal((await lines.next()).value, 'second', 'the second line');
      equal((await lines.next()).done, true, 'the end');
    },
    async 'body is a stream of the host, with the same octets'({ client, base }) {
      const response = await client.stream('GET', `${base}/bytes/300000`);
      holds(response.body instanceof ReadableStream, 'a ReadableStream');
      const whole = new Uint8Array(300_000);
      let at = 0;
      for await (const piece of response.body) {
        whole.set(piece, at);
        at += piece.length;
      }
      equal([at, whole], [300_000, pattern(300_000)], 'octets');
    },
    async 'a BYOB reader gets its own memory filled'({ client, base }) {
      const response = await client.stream('GET', `${base}/bytes/100000`);
      const reader = response.body.getReader({ mode: 'byob' });
      const whole = new Uint8Array(100_000);
      let at = 0;
      let view = new Uint8Array(10_000);
      for (;;) {
        const { value, done } = await reader.read(view);
        if (done) break;
        whole.set(value, at);
        at += value.length;
        view = new Uint8Array(value.buffer);
        equal(view.length, 10_000, 'the memory given');
      }
      equal([at, whole], [100_000, pattern(100_000)], 'octets');
    },
    async 'cancelling the stream reaches the server'({ client, base }) {
      const gate = gateOf('cancel');
      const response = await client.stream('GET', `${base}/gate/${gate}`);
      const reader = response.body.getReader();
      equal((await reader.read()).done, false, 'a first piece');
      await reader.cancel();
      equal(await seenGone({ client, base }, gate), 'gone', 'what the server saw');
    },
    async 'closing a response unread reaches the server'({ client, base }) {
      const gate = gateOf('close');
      const response = await client.stream('GET', `${base}/gate/${gate}`);
      await response.aclose();
      equal(await seenGone({ client, base }, gate), 'gone', 'what the server saw');
    },
    async 'a body is read once'({ httpx, client, base }) {
      const response = await client.stream('GET', `${base}/bytes/10`);
      for await (const piece of response.aiterBytes()) equal(piece, pattern(10), 'octets');
      const again = async () => {
        for await (const _ of response.aiterBytes());
      };
      await failure(again, httpx.StreamConsumed, 'again');
      await failure(async () => response.content, httpx.ResponseNotRead, 'content');
    },
    async 'codings are undone, and what is cut short is an error'({ httpx, client, base, features }) {
      for (const coding of ['gzip', 'deflate', 'br']) {
        equal((await client.get(`${base}/coded/${coding}`)).json().coding, coding, coding);
      }
      if (!features.has('own decoding')) return;
      await failure(() => client.get(`${base}/truncated`), httpx.DecodingError, 'cut short');
    },
    async 'it goes through TransformStreams, with back-pressure'({ client, base }) {
      // Several pieces more than may wait on the way, however large a host makes them (2 MB in Chromium).
      const all = 16_000_000;
      const response = await client.stream('GET', `${base}/bytes/${all}`);
      let octets = 0;
      const counted = new TransformStream({
        transform(piece, controller) {
          octets += piece.length;
          controller.enqueue(piece);
        },
      });
      const reader = response.body.pipeThrough(counted).getReader();
      await reader.read();
      await new Promise((resolve) => setTimeout(resolve, 50));
      holds(octets < all, `${octets} octets passed while nobody read`);
      for (let result = await reader.read(); !result.done; result = await reader.read());
      equal(octets, all, 'all of them');
    },
  },
};
