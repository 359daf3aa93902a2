/** node:http and node:https with an Agent that keeps connections alive. */

import { once } from 'node:events';
import { agentFor } from '../agents.mjs';
import { decodedBody } from '../decoded-body.mjs';

export async function open(task) {
  const { hostname, port } = new URL(task.origin);
  const { module, agent } = await agentFor(task);
  const options = (path, method) => ({ hostname, port, path, method, agent });

  const checkHead = (expected, { statusCode, rawHeaders, headers }) =>
    expected.checkHead(statusCode, rawHeaders.length / 2, headers['content-type']);

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
      const { statusCode, rawHeaders, headers } = response;
      expected.check(statusCode, rawHeaders.length / 2, headers['content-type'], content);
    },
    async download(target, digest, expected) {
      const response = await new Promise((resolve, reject) => {
        const request = module.request(options(target, 'GET'), (received) => {
          received.on('data', (piece) => digest.update(piece));
          received.on('error', reject);
          received.on('end', () => resolve(received));
        });
        request.on('error', reject);
        request.end();
      });
      checkHead(expected, response);
    },
    async upload(target, piece, count, expected) {
      const request = module.request(options(target, 'POST'));
      const answer = answered(request);
      for (let index = 0; index < count; index++) {
        if (!request.write(piece)) await once(request, 'drain');
      }
      request.end();
      const { response, content } = await answer;
      checkHead(expected, response);
      return Number(content.toString());
    },
    close: () => agent.destroy(),
  };
}
