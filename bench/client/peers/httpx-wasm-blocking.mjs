/** Ours, blocking: Client of the packed and installed package with default options. */

export async function open({ origin, ourEntry }) {
  const httpx = await import(ourEntry);
  const client = new httpx.Client();
  return {
    getBlocking(expected) {
      const response = client.get(origin);
      expected.check(response.statusCode, response.headers.size, response.content);
    },
    close: () => client.close(),
  };
}
