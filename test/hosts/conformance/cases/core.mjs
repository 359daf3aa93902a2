// The core's own behaviour: public vectors of HTTP/1.1 through real sockets, and of content codings in memory.
import { equal, holds, sha256 } from '../check.mjs';

const octetsOf = (base64) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

async function vectors({ client, base }, name) {
  const response = await client.get(`${base}/vectors/${name}`, { timeout: '30s' });
  return response.statusCode === 404 ? null : response.json().cases;
}

/** Engines that compile nothing take a case in so many. */
const INTERPRETED_STEP = 8;

const ABSENT = '../shared is absent';

function decoding(name) {
  return async (context) => {
    const cases = await vectors(context, name);
    if (cases === null) return ABSENT;
    const wrong = [];
    const step = context.features.has('interpreted') ? INTERPRETED_STEP : 1;
    for (let at = 0; at < cases.length; at += step) {
      const { id, coding, input_b64, expect } = cases[at];
      let found = null;
      try {
        found = await context.core.decode(coding, octetsOf(input_b64));
      } catch (error) {
        if (!(error instanceof context.httpx.DecodingError)) throw error;
      }
      if ((found !== null) !== expect.ok) wrong.push(`${id}: ${found === null ? 'refused' : 'accepted'}`);
      else if (found !== null && expect.sha256 !== undefined && (await sha256(found)) !== expect.sha256) wrong.push(id);
    }
    holds(cases.length > 100, 'there are cases');
    equal(wrong, [], `of ${cases.length} cases`);
    return undefined;
  };
}

export const codings = {
  needs: [],
  cases: {
    'coding-deflate decodes as it should': decoding('coding-deflate'),
    'coding-brotli decodes as it should': decoding('coding-brotli'),
    'coding-zstd decodes as it should': decoding('coding-zstd'),
    async 'DecoderStream decodes as DecompressionStream does'({ core }) {
      if (typeof CompressionStream === 'undefined') return 'the host has no CompressionStream';
      const text = 'to and fro, '.repeat(10_000);
      const compressed = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
      const decoded = compressed.pipeThrough(new core.DecoderStream('gzip'));
      equal(await new globalThis.Response(decoded).text(), text, 'text');
      return undefined;
    },
  },
};

export const http1 = {
  needs: ['own sockets'],
  cases: {
    async 'ambiguous responses are refused, others accepted'(context) {
      const cases = await vectors(context, 'h1-ambiguity');
      if (cases === null) return ABSENT;
      const wrong = [];
      let judged = 0;
      for (const [index, { id, method, expect, limit }] of cases.entries()) {
        if (!['accept', 'reject'].includes(expect.outcome) || limit || !['GET', 'HEAD'].includes(method)) continue;
        judged++;
        let found;
        try {
          const response = await context.client.request(method, `${context.rawBase}/${index}`, { timeout: '2s' });
          found = { status: response.statusCode, body: await sha256(response.content) };
        } catch (error) {
          if (!(error instanceof context.httpx.HTTPError)) throw error;
          found = { error: `${error.name}: ${error.message}` };
        }
        if (expect.outcome === 'reject') {
          if (found.error === undefined) wrong.push(`${id}: accepted`);
        } else if (found.error !== undefined) wrong.push(`${id}: ${found.error}`);
        else if (expect.status !== undefined && found.status !== expect.status) wrong.push(`${id}: status`);
        else if (expect.body_b64 !== undefined && found.body !== (await sha256(octetsOf(expect.body_b64)))) {
          wrong.push(`${id}: body`);
        }
      }
      holds(judged > 100, `${judged} cases judged`);
      equal(wrong, [], `of ${judged} cases`);
      return undefined;
    },
  },
};
