/** got with an Agent that keeps connections alive; it decodes by itself. Retries are off: a failure is one. */
import { Agent } from 'node:http';
import got from 'got';

export async function open({ origin, scenario }) {
  const http = new Agent({ keepAlive: true, maxSockets: scenario.concurrency ?? 1 });
  const client = got.extend({ agent: { http }, retry: { limit: 0 }, responseType: 'buffer' });
  return {
    async get(expected) {
      const { statusCode, rawHeaders, body } = await client(origin);
      expected.check(statusCode, rawHeaders.length / 2, body);
    },
    async download(target, digest) {
      for await (const piece of client.stream(origin + target, { responseType: undefined })) digest.update(piece);
    },
    close: () => http.destroy(),
  };
}
