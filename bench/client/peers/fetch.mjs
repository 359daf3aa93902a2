/** The global fetch, as it comes. Its certificate authority comes from NODE_EXTRA_CA_CERTS. */

/** The peer that any function in the shape of `fetch` makes. */
export function peerOfFetch(origin, fetch) {
  return {
    async get(expected) {
      const response = await fetch(origin);
      let fields = 0;
      for (const _ of response.headers.keys()) fields++;
      expected.check(response.status, fields, new Uint8Array(await response.arrayBuffer()));
    },
    async download(target, digest) {
      const { body } = await fetch(origin + target);
      for await (const piece of body) digest.update(piece);
    },
    async upload(target, piece, count) {
      let left = count;
      const body = new ReadableStream({
        pull(controller) {
          if (left-- > 0) controller.enqueue(piece);
          else controller.close();
        },
      });
      const response = await fetch(origin + target, { method: 'POST', body, duplex: 'half' });
      return Number(await response.text());
    },
    close: () => {},
  };
}

export async function open({ origin }) {
  return peerOfFetch(origin, globalThis.fetch);
}
