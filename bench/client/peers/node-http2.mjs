/** node:http2: one session, with windows as large as ours, so that a download need not wait for credit. */
import http2 from 'node:http2';
import { CONNECTION_WINDOW, STREAM_WINDOW } from '../windows.mjs';

/** Status, number of fields and media type; `:status` is among the headers. */
const headOf = (headers) => [headers[':status'], Object.keys(headers).length - 1, headers['content-type']];

export async function open({ origin, ca }) {
  const session = http2.connect(origin, { ca, settings: { initialWindowSize: STREAM_WINDOW, enablePush: false } });
  await new Promise((resolve, reject) => {
    session.once('connect', resolve);
    session.once('error', reject);
  });
  session.setLocalWindowSize(CONNECTION_WINDOW);
  return {
    get(expected) {
      return new Promise((resolve, reject) => {
        const stream = session.request({ ':path': '/' });
        const pieces = [];
        let headers = null;
        stream.on('response', (received) => {
          headers = received;
        });
        stream.on('data', (piece) => pieces.push(piece));
        stream.on('error', reject);
        stream.on('end', () => {
          const content = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
          expected.check(...headOf(headers), content);
          resolve();
        });
      });
    },
    async download(target, digest, expected) {
      const headers = await new Promise((resolve, reject) => {
        const stream = session.request({ ':path': target });
        let received = null;
        stream.on('response', (found) => {
          received = found;
        });
        stream.on('data', (piece) => digest.update(piece));
        stream.on('error', reject);
        stream.on('end', () => resolve(received));
      });
      expected.checkHead(...headOf(headers));
    },
    close: () => new Promise((resolve) => session.close(resolve)),
  };
}
