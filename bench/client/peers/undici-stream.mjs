/** undici.stream: each content goes into a Writable of ours, made for it as the function wants it. */
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

export async function open({ origin, scenario: { concurrency = 1 }, ca }) {
  const dispatcher = new Agent({ connections: concurrency, connect: ca === null ? {} : { ca } });
  return {
    async get(expected) {
      const pieces = [];
      let status = 0;
      let fields = 0;
      await stream(origin, { dispatcher, method: 'GET' }, ({ statusCode, headers }) => {
        status = statusCode;
        fields = Object.keys(headers).length;
        return sink((piece) => pieces.push(piece));
      });
      expected.check(status, fields, pieces.length === 1 ? pieces[0] : Buffer.concat(pieces));
    },
    async download(target, digest) {
      await stream(origin + target, { dispatcher, method: 'GET' }, () => sink((piece) => digest.update(piece)));
    },
    close: () => dispatcher.close(),
  };
}
