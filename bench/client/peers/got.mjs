/**
 * got with an Agent that keeps connections alive, and over HTTP/2 its own pool of sessions, whose windows have no option. It
 * decodes by itself. Retries are off: a failure is one.
 */
import got from 'got';
import { agentFor } from '../agents.mjs';

export async function open(task) {
  const { origin, scenario } = task;
  const { agent } = await agentFor(task);
  const transport = scenario.http2 ? { http2: true } : { agent: { http: agent, https: agent } };
  const client = got.extend({ ...transport, retry: { limit: 0 } });
  const checkHead = (expected, { statusCode, rawHeaders, headers }) =>
    expected.checkHead(statusCode, rawHeaders.length / 2, headers['content-type']);
  return {
    async get(expected) {
      const response = await client(origin, { responseType: 'buffer' });
      const { statusCode, rawHeaders, headers, body } = response;
      expected.check(statusCode, rawHeaders.length / 2, headers['content-type'], body);
    },
    async download(target, digest, expected) {
      const stream = client.stream(origin + target);
      stream.once('response', (response) => checkHead(expected, response));
      for await (const piece of stream) digest.update(piece);
    },
    async upload(target, piece, count, expected) {
      async function* pieces() {
        for (let index = 0; index < count; index++) yield piece;
      }
      const response = await client.post(origin + target, { body: pieces() });
      checkHead(expected, response);
      return Number(response.body);
    },
    close: () => agent.destroy(),
  };
}
