/**
 * undici.request with one Agent of as many connections as the scenario keeps busy, of HTTP/2 one. Contents are gathered from 'data'
 * events: measured, that is 5 to 15 % less CPU than `body.bytes()` or `body.arrayBuffer()`, so it is undici's best.
 */
import { Agent, request } from 'undici';
import { decodedBody } from '../decoded-body.mjs';

/** Every piece of a body, until its end. */
function eachPiece(body, take) {
  return new Promise((resolve, reject) => {
    body.on('data', take);
    body.on('end', resolve);
    body.on('error', reject);
  });
}

export async function open({ origin, scenario, ca }) {
  const { concurrency = 1, http2 = false } = scenario;
  const connections = http2 ? 1 : concurrency;
  const dispatcher = new Agent({ connections, allowH2: http2, connect: ca === null ? {} : { ca } });
  return {
    async get(expected) {
      const { statusCode, headers, body } = await request(origin, { dispatcher });
      const pieces = [];
      await eachPiece(decodedBody(body, headers['content-encoding']), (piece) => pieces.push(piece));
      const content = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
      expected.check(statusCode, Object.keys(headers).length, content);
    },
    async download(target, digest) {
      const { body } = await request(origin + target, { dispatcher });
      await eachPiece(body, (piece) => digest.update(piece));
    },
    async upload(target, piece, count) {
      async function* pieces() {
        for (let index = 0; index < count; index++) yield piece;
      }
      const { body } = await request(origin + target, { dispatcher, method: 'POST', body: pieces() });
      return Number(await body.text());
    },
    close: () => dispatcher.close(),
  };
}
