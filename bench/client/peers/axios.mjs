/**
 * axios with an Agent that keeps connections alive, and over HTTP/2 its own sessions; their streams get our windows, their
 * connections have no option for it. It decodes by itself, and takes Content-Encoding out of its headers then: fields are
 * counted below it, those of HTTP/2 in its headers. An upload follows no redirects, which would keep all of it in memory.
 */
import { Readable } from 'node:stream';
import axios from 'axios';
import { agentFor } from '../agents.mjs';
import { STREAM_WINDOW } from '../windows.mjs';

const NO_LIMIT = Number.POSITIVE_INFINITY;

async function transportOf(task) {
  const { agent } = await agentFor(task);
  if (!task.scenario.http2) return { agent, options: { httpAgent: agent, httpsAgent: agent } };
  const settings = { initialWindowSize: STREAM_WINDOW, enablePush: false };
  return { agent, options: { httpVersion: 2, http2Options: { settings } } };
}

export async function open(task) {
  const { origin, scenario } = task;
  const { agent, options } = await transportOf(task);
  const client = axios.create({ ...options, maxContentLength: NO_LIMIT, maxBodyLength: NO_LIMIT });
  const fieldsOf = ({ headers, request }) =>
    scenario.http2 ? Object.keys(headers).length : request.res.rawHeaders.length / 2;
  return {
    async get(expected) {
      const response = await client.get(origin, { responseType: 'arraybuffer' });
      expected.check(response.status, fieldsOf(response), response.headers['content-type'], response.data);
    },
    async download(target, digest, expected) {
      const response = await client.get(origin + target, { responseType: 'stream' });
      expected.checkHead(response.status, fieldsOf(response), response.headers['content-type']);
      for await (const piece of response.data) digest.update(piece);
    },
    async upload(target, piece, count, expected) {
      function* pieces() {
        for (let index = 0; index < count; index++) yield piece;
      }
      const body = Readable.from(pieces(), { objectMode: false });
      const response = await client.post(origin + target, body, { maxRedirects: 0, responseType: 'text' });
      expected.checkHead(response.status, fieldsOf(response), response.headers['content-type']);
      return Number(response.data);
    },
    close: () => agent.destroy(),
  };
}
