/** Ours, blocking: Client of the packed and installed package with default options. */

export async function open({ origin, ourEntry }) {
  const httpx = await import(ourEntry);
  const client = new httpx.Client();
  return {
    getBlocking(expected) {
      const response = client.get(origin);
      const { statusCode, headers } = response;
      expected.check(statusCode, headers.size, headers.get('content-type'), response.content);
    },
    close: () => client.close(),
  };
}
