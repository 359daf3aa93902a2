/** node:http2: one session, with windows as large as ours, so that a download need not wait for credit. */
import http2 from 'node:http2';

const STREAM_WINDOW = 4 * 2 ** 20;
const SESSION_WINDOW = 32 * 2 ** 20;

export async function open({ origin, ca }) {
  const session = http2.connect(origin, { ca, settings: { initialWindowSize: STREAM_WINDOW, enablePush: false } });
  await new Promise((resolve, reject) => {
    session.once('connect', resolve);
    session.once('error', reject);
  });
  session.setLocalWindowSize(SESSION_WINDOW);
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
          // `:status` is among the headers.
          expected.check(headers[':status'], Object.keys(headers).length - 1, content);
          resolve();
        });
      });
    },
    download(target, digest) {
      return new Promise((resolve, reject) => {
        const stream = session.request({ ':path': target });
        stream.on('data', (piece) => digest.update(piece));
        stream.on('error', reject);
        stream.on('end', resolve);
      });
    },
    close: () => new Promise((resolve) => session.close(resolve)),
  };
}
