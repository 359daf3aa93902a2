/**
 * axios with an Agent that keeps connections alive; it decodes by itself, and takes Content-Encoding out of its headers then:
 * they are counted below it.
 */
import { Agent } from 'node:http';
import axios from 'axios';

export async function open({ origin, scenario }) {
  const httpAgent = new Agent({ keepAlive: true, maxSockets: scenario.concurrency ?? 1 });
  const client = axios.create({ httpAgent, responseType: 'arraybuffer', maxContentLength: Number.POSITIVE_INFINITY });
  return {
    async get(expected) {
      const { status, data, request } = await client.get(origin);
      expected.check(status, request.res.rawHeaders.length / 2, data);
    },
    async download(target, digest) {
      const { data } = await client.get(origin + target, { responseType: 'stream' });
      for await (const piece of data) digest.update(piece);
    },
    close: () => httpAgent.destroy(),
  };
}
