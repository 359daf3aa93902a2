/** Ours: AsyncClient of the packed and installed package, default options (timeouts, limits and hooks on). */

/** Connections that the client may have by default. */
const CONNECTIONS_MAX = 100;

/** Default options, but for scenarios that need more connections than these allow. */
function optionsFor({ concurrency = 1 }) {
  if (concurrency <= CONNECTIONS_MAX) return {};
  return { limits: { maxConnections: concurrency, maxKeepaliveConnections: concurrency } };
}

export async function open({ origin, scenario, ourEntry }) {
  const httpx = await import(ourEntry);
  const client = new httpx.AsyncClient(optionsFor(scenario));
  return {
    async get(expected) {
      const response = await client.get(origin);
      expected.check(response.statusCode, response.headers.size, response.content);
    },
    async download(target, digest) {
      const response = await client.stream('GET', origin + target);
      try {
        for await (const piece of response.aiterRaw()) digest.update(piece);
      } finally {
        await response.aclose();
      }
    },
    async upload(target, piece, count) {
      async function* pieces() {
        for (let index = 0; index < count; index++) yield piece;
      }
      const response = await client.post(origin + target, { content: pieces() });
      return Number(response.text);
    },
    close: () => client.aclose(),
  };
}
