/** The global fetch, as it comes. Its certificate authority comes from NODE_EXTRA_CA_CERTS. */

function fieldsOf({ headers }) {
  let fields = 0;
  for (const _ of headers.keys()) fields++;
  return fields;
}

/** The peer that any function in the shape of `fetch` makes. */
export function peerOfFetch(origin, fetch) {
  return {
    async get(expected) {
      const response = await fetch(origin);
      const type = response.headers.get('content-type');
      expected.check(response.status, fieldsOf(response), type, new Uint8Array(await response.arrayBuffer()));
    },
    async download(target, digest, expected) {
      const response = await fetch(origin + target);
      expected.checkHead(response.status, fieldsOf(response), response.headers.get('content-type'));
      for await (const piece of response.body) digest.update(piece);
    },
    async upload(target, piece, count, expected) {
      let left = count;
      const body = new ReadableStream({
        pull(controller) {
          if (left-- > 0) controller.enqueue(piece);
          else controller.close();
        },
      });
      const response = await fetch(origin + target, { method: 'POST', body, duplex: 'half' });
      expected.checkHead(response.status, fieldsOf(response), response.headers.get('content-type'));
      return Number(await response.text());
    },
    close: () => {},
  };
}

export async function open({ origin }) {
  return peerOfFetch(origin, globalThis.fetch);
}
