/**
 * undici.stream: each content goes into a Writable of ours, made for it as the function wants it; one that is coded into a stream
 * of node:zlib, with default options.
 */
import { Writable } from 'node:stream';
import { Agent, stream } from 'undici';

/** Gives every piece on. */
const sink = (take) =>
  new Writable({
    write(piece, _encoding, done) {
      take(piece);
      done();
    },
  });

export async function open({ origin, scenario: { concurrency = 1, body }, ca }) {
  const dispatcher = new Agent({ connections: concurrency, connect: ca === null ? {} : { ca } });
  const decoderOf = body === undefined ? null : (await import('../decoded-body.mjs')).decoderOf;

  /** What takes a content, and when it is through. */
  const sinkOf = (headers, take) => {
    if (decoderOf === null) return { writable: sink(take), through: null };
    const writable = decoderOf(headers['content-encoding']);
    const through = new Promise((resolve, reject) => {
      writable.on('data', take).on('end', resolve).on('error', reject);
    });
    return { writable, through };
  };

  /** Sends one request: `onHead` is given status, number of fields and media type, `take` each piece of content. */
  const send = async (target, options, onHead, take) => {
    let end = null;
    await stream(origin + target, { dispatcher, ...options }, ({ statusCode, headers }) => {
      onHead(statusCode, Object.keys(headers).length, headers['content-type']);
      const { writable, through } = sinkOf(headers, take);
      end = through;
      return writable;
    });
    if (end !== null) await end;
  };

  return {
    async get(expected) {
      const pieces = [];
      let head = [];
      const onHead = (...found) => {
        head = found;
      };
      await send('', { method: 'GET' }, onHead, (piece) => pieces.push(piece));
      expected.check(...head, pieces.length === 1 ? pieces[0] : Buffer.concat(pieces));
    },
    async download(target, digest, expected) {
      const onHead = (...head) => expected.checkHead(...head);
      await send(target, { method: 'GET' }, onHead, (piece) => digest.update(piece));
    },
    async upload(target, piece, count, expected) {
      async function* pieces() {
        for (let index = 0; index < count; index++) yield piece;
      }
      let text = '';
      const onHead = (...head) => expected.checkHead(...head);
      await send(target, { method: 'POST', body: pieces() }, onHead, (some) => {
        text += some.toString();
      });
      return Number(text);
    },
    close: () => dispatcher.close(),
  };
}
