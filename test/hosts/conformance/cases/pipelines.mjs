// The pipelines of examples/pipelines: what comes out of them, and, seen from the server, that reading pauses with them.

import { equal, holds, pattern, sha256 } from '../check.mjs';
import { csv, forwarded, gzipped, ndjson } from '../pipelines.mjs';

const MIB = 1024 * 1024;
/** How much may be under way while nobody reads: what kernels buffer, and we; a browser takes 64 MiB by itself. */
const UNDER_WAY_MAX = 48 * MIB;
const UNDER_WAY_OF_PAGES_MAX = 128 * MIB;
/** How much goes through, and how often the server is asked meanwhile how much it has sent. */
const THROUGH_MIB = 256;
const ASKED_MIB = 32;
/** Engines that compile nothing are given less, of which all could be under way: that it arrives is what is shown there. */
const THROUGH_INTERPRETED_MIB = 64;
/** Of what a process takes more than before: all of it, and what of that is buffers, as far as its runtime tells. */
const MEMORY_MAX = 160 * MIB;
const NO_MORE = { rss: 0, arrayBuffers: 0 };

/** What `use` of memory is more than `before`, if that is more than `most`. */
function raised(most, before) {
  const { rss, arrayBuffers = 0 } = process.memoryUsage();
  return {
    rss: Math.max(most.rss, rss - before.rss),
    arrayBuffers: Math.max(most.arrayBuffers, arrayBuffers - (before.arrayBuffers ?? 0)),
  };
}

const underWayMax = (features) => (features.has('own sockets') ? UNDER_WAY_MAX : UNDER_WAY_OF_PAGES_MAX);
/** How much the server has written of a flood. */
const sentOf = async ({ client, base }, id) => Number((await client.get(`${base}/flooded/${id}`)).text);

async function all(stream) {
  const found = [];
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) found.push(next.value);
  return found;
}

export const pipelines = {
  needs: [],
  cases: {
    async 'NDJSON and CSV become values'({ client, base }) {
      if (typeof TextDecoderStream === 'undefined') return 'the host has no TextDecoderStream';
      const values = await all(ndjson(await client.stream('GET', `${base}/table/ndjson`)));
      equal([values.length, values[999]], [1000, { id: 999, name: 'ä 999' }], 'values');
      const records = await all(csv(await client.stream('GET', `${base}/table/csv`)));
      equal([records.length, records[999]], [1000, { id: '999', name: 'ä 999' }], 'records');
      return undefined;
    },
    async 'a coded body is coded anew'({ client, base }) {
      if (typeof CompressionStream === 'undefined') return 'the host has no CompressionStream';
      const stream = gzipped(await client.stream('GET', `${base}/coded/br`));
      const text = await new globalThis.Response(stream.pipeThrough(new DecompressionStream('gzip'))).text();
      equal(JSON.parse(text).coding, 'br', 'text');
      return undefined;
    },
    async 'a body is that of another request'({ client, base }) {
      const seen = (await forwarded(await client.stream('GET', `${base}/bytes/500000`), client, `${base}/echo`)).json();
      equal([seen.octets, seen.digest], [500_000, await sha256(pattern(500_000))], 'what arrived');
    },
    async 'the server is made to pause while nobody reads'(context) {
      const { client, base, features } = context;
      const id = `flood-${Date.now()}`;
      const response = await client.stream('GET', `${base}/flood/${THROUGH_MIB}/${id}`);
      const reader = response.body.pipeThrough(new TransformStream()).getReader();
      await reader.read();
      let last = -1;
      for (let now = await sentOf(context, id); now !== last; now = await sentOf(context, id)) {
        last = now;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      holds(last < underWayMax(features), `${last} octets were sent while nobody read`);
      await reader.cancel();
    },
    async 'all of a long body goes through in constant memory, and the server is never far ahead'(context) {
      const { client, base, features } = context;
      const id = `through-${Date.now()}`;
      const mib = features.has('interpreted') ? THROUGH_INTERPRETED_MIB : THROUGH_MIB;
      const response = await client.stream('GET', `${base}/flood/${mib}/${id}`);
      const before = features.has('a process') ? process.memoryUsage() : null;
      let most = NO_MORE;
      let [octets, ahead, asked] = [0, 0, 0];
      const counting = new WritableStream({
        async write(piece) {
          octets += piece.length;
          if (before !== null) most = raised(most, before);
          if (octets < (asked + 1) * ASKED_MIB * MIB) return;
          asked++;
          ahead = Math.max(ahead, (await sentOf(context, id)) - octets);
        },
      });
      await response.body.pipeThrough(new TransformStream()).pipeTo(counting);
      equal([octets, asked], [mib * MIB, mib / ASKED_MIB], 'octets, and how often the server was asked');
      holds(ahead < underWayMax(features), `the server was ${ahead} octets ahead`);
      holds(most.rss < MEMORY_MAX, `${most.rss} octets of memory more than before`);
      holds(most.arrayBuffers < MEMORY_MAX, `${most.arrayBuffers} octets of buffers more than before`);
    },
  },
};

export const files = {
  /** Of processes alone: workers and pages have no files. */
  only: 'a process',
  needs: [],
  cases: {
    async 'a body goes into a file'({ client, base, files }) {
      const { toFile, scratch } = files;
      const { path, octets, remove } = scratch();
      try {
        await toFile(await client.stream('GET', `${base}/bytes/3000000`), path);
        equal(octets(), pattern(3_000_000), 'octets');
      } finally {
        remove();
      }
    },
  },
};
