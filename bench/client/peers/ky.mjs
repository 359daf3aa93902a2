/** ky, which stands on the global fetch. Retries are off: a failure is one. */
import ky from 'ky';

export async function open({ origin }) {
  const client = ky.create({ retry: 0, timeout: false });
  return {
    async get(expected) {
      const response = await client(origin);
      let fields = 0;
      for (const _ of response.headers.keys()) fields++;
      expected.check(response.status, fields, new Uint8Array(await response.arrayBuffer()));
    },
    async download(target, digest) {
      const { body } = await client(origin + target);
      for await (const piece of body) digest.update(piece);
    },
    close: () => {},
  };
}
