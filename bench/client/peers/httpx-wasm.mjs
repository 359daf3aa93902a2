/** Ours: AsyncClient of the packed and installed package, default options (timeouts, limits and hooks on). */

/** Connections that the client may have by default. */
const CONNECTIONS_MAX = 100;

/** Default options, but for HTTP/2, for long queues, and for scenarios that need more connections than these allow. */
function optionsFor({ concurrency = 1, http2 = false, load }, ca) {
  const tls = ca === null ? {} : { verify: { ca } };
  // Whoever is last in a long queue waits longer than the pool's five seconds.
  if (load === 'queue') return { timeout: { pool: null } };
  if (http2 || concurrency <= CONNECTIONS_MAX) return http2 ? { ...tls, http2 } : tls;
  return { ...tls, limits: { maxConnections: concurrency, maxKeepaliveConnections: concurrency } };
}

export async function open({ origin, scenario, ourEntry, ca = null }) {
  const httpx = await import(ourEntry);
  const client = new httpx.AsyncClient(optionsFor(scenario, ca));
  const checkHead = (expected, { statusCode, headers }) =>
    expected.checkHead(statusCode, headers.size, headers.get('content-type'));
  return {
    async get(expected) {
      const response = await client.get(origin);
      const { statusCode, headers } = response;
      expected.check(statusCode, headers.size, headers.get('content-type'), response.content);
    },
    async download(target, digest, expected) {
      const response = await client.stream('GET', origin + target);
      try {
        checkHead(expected, response);
        for await (const piece of response.aiterRaw()) digest.update(piece);
      } finally {
        await response.aclose();
      }
    },
    async upload(target, piece, count, expected) {
      async function* pieces() {
        for (let index = 0; index < count; index++) yield piece;
      }
      const response = await client.post(origin + target, { content: pieces() });
      checkHead(expected, response);
      return Number(response.text);
    },
    close: () => client.aclose(),
  };
}
