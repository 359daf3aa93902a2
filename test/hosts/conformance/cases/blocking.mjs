// The blocking client on a host whose threads may block; on others, that it says why it cannot.
import { equal, failure, holds, pattern } from '../check.mjs';

export const blocking = {
  needs: [],
  cases: {
    async 'Client blocks, or says why it cannot'({ httpx, base, features }) {
      const client = new httpx.Client();
      try {
        if (!features.has('blocking')) {
          const error = await failure(() => client.get(`${base}/bytes/1`), httpx.ConnectError, 'cannot block');
          holds(/block/i.test(error.message), error.message);
          return;
        }
        equal(client.get(`${base}/bytes/200000`).content, pattern(200_000), 'content');
        const lines = client.stream('GET', `${base}/chunked/5000`);
        let octets = 0;
        for (const piece of lines.iterBytes()) octets += piece.length;
        equal(octets, 5000, 'streamed');
        function* pieces() {
          for (let i = 0; i < 10; i++) yield pattern(1000);
        }
        equal(client.post(`${base}/echo`, { content: pieces() }).json().octets, 10_000, 'uploaded');
      } finally {
        client.close();
      }
    },
    async 'Client over TLS'({ httpx, secureBase, secureOptions, features }) {
      if (!features.has('blocking') || !features.has('tls')) return 'not on this host';
      const client = new httpx.Client(secureOptions);
      equal(client.get(`${secureBase}/bytes/1000`).content, pattern(1000), 'content');
      client.close();
      return undefined;
    },
  },
};
