/** node:http and node:https with an Agent that keeps connections alive. */

import { once } from 'node:events';
import { decodedBody } from '../decoded-body.mjs';

/** What an Agent keeps by default. */
const FREE_SOCKETS_MAX = 256;

export async function open({ origin, scenario, ca }) {
  const { protocol, hostname, port } = new URL(origin);
  const module = await import(protocol === 'https:' ? 'node:https' : 'node:http');
  const agent = new module.Agent({
    keepAlive: true,
    maxSockets: scenario.concurrency ?? 1,
    maxFreeSockets: Math.max(scenario.concurrency ?? 1, FREE_SOCKETS_MAX),
    ...(ca === null ? {} : { ca }),
  });
  const options = (path, method) => ({ hostname, port, path, method, agent });

  /** The response to a request with its whole content. */
  const answered = (request) =>
    new Promise((resolve, reject) => {
      request.on('error', reject);
      request.on('response', (response) => {
        const pieces = [];
        const body = decodedBody(response, response.headers['content-encoding']);
        body.on('data', (piece) => pieces.push(piece));
        body.on('error', reject);
        body.on('end', () => {
          resolve({ response, content: pieces.length === 1 ? pieces[0] : Buffer.concat(pieces) });
        });
      });
    });

  return {
    async get(expected) {
      const request = module.request(options('/', 'GET'));
      const answer = answered(request);
      request.end();
      const { response, content } = await answer;
      expected.check(response.statusCode, response.rawHeaders.length / 2, content);
    },
    download(target, digest) {
      return new Promise((resolve, reject) => {
        const request = module.request(options(target, 'GET'), (response) => {
          response.on('data', (piece) => digest.update(piece));
          response.on('error', reject);
          response.on('end', resolve);
        });
        request.on('error', reject);
        request.end();
      });
    },
    async upload(target, piece, count) {
      const request = module.request(options(target, 'POST'));
      const answer = answered(request);
      for (let index = 0; index < count; index++) {
        if (!request.write(piece)) await once(request, 'drain');
      }
      request.end();
      return Number((await answer).content.toString());
    },
    close: () => agent.destroy(),
  };
}
