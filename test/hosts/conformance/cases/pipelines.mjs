// The pipelines of examples/pipelines: what comes out of them, and, seen from the server, that reading pauses with them.

import { equal, holds, pattern, sha256 } from '../check.mjs';
import { csv, forwarded, gzipped, ndjson } from '../pipelines.mjs';

const MIB = 1024 * 1024;
/** How much may be under way while nobody reads: what kernels buffer, and we; a browser takes 64 MiB by itself. */
const UNDER_WAY_MAX = 48 * MIB;
const UNDER_WAY_OF_PAGES_MAX = 128 * MIB;
const MEMORY_MAX = 160 * MIB;

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
      const values = await all(ndjson(await client.stream('GET', `${base}/table/ndjson`)));
      equal([values.length, values[999]], [1000, { id: 999, name: 'ä 999' }], 'values');
      const records = await all(csv(await client.stream('GET', `${base}/table/csv`)));
      equal([records.length, records[999]], [1000, { id: '999', name: 'ä 999' }], 'records');
    },
    async 'a coded body is coded anew'({ client, base }) {
      const stream = gzipped(await client.stream('GET', `${base}/coded/br`));
      const text = await new globalThis.Response(stream.pipeThrough(new DecompressionStream('gzip'))).text();
      equal(JSON.parse(text).coding, 'br', 'text');
    },
    async 'a body is that of another request'({ client, base }) {
      const seen = (await forwarded(await client.stream('GET', `${base}/bytes/500000`), client, `${base}/echo`)).json();
      equal([seen.octets, seen.digest], [500_000, await sha256(pattern(500_000))], 'what arrived');
    },
    async 'the server is made to pause while nobody reads'({ client, base, features }) {
      const id = `flood-${Date.now()}`;
      const response = await client.stream('GET', `${base}/flood/${id}`);
      const reader = response.body.pipeThrough(new TransformStream()).getReader();
      await reader.read();
      const sent = async () => Number((await client.get(`${base}/flooded/${id}`)).text);
      let last = -1;
      for (let now = await sent(); now !== last; now = await sent()) {
        last = now;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      const most = features.has('own sockets') ? UNDER_WAY_MAX : UNDER_WAY_OF_PAGES_MAX;
      holds(last < most, `${last} octets were sent while nobody read`);
      await reader.cancel();
    },
    async '256 MiB go through in constant memory'({ client, base, features }) {
      const id = `through-${Date.now()}`;
      const response = await client.stream('GET', `${base}/flood/${id}`);
      const before = features.has('a process') ? process.memoryUsage().rss : 0;
      let most = 0;
      let octets = 0;
      const counting = new WritableStream({
        write(piece) {
          octets += piece.length;
          if (features.has('a process')) most = Math.max(most, process.memoryUsage().rss - before);
        },
      });
      await response.body.pipeThrough(new TransformStream()).pipeTo(counting);
      equal(octets, 256 * MIB, 'octets');
      holds(most < MEMORY_MAX, `${most} octets of memory more than before`);
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
