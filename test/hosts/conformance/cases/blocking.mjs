// The blocking client on a host whose threads may block; on others, that it says why it cannot.
import { equal, failure, holds, pattern, sha256 } from '../check.mjs';
import { seenGone } from '../clients.mjs';

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
    async 'Client takes megabytes, which come in pieces larger than a ring, with TLS and without'(context) {
      const { httpx, base, secureBase, secureOptions, features } = context;
      if (!features.has('blocking')) return 'not on this host: its threads cannot block';
      const client = new httpx.Client(secureOptions);
      const expected = await sha256(pattern(5_000_000));
      for (const from of [base, secureBase]) {
        const { content } = client.get(`${from}/bytes/5000000`);
        equal([content.length, await sha256(content)], [5_000_000, expected], `content from ${from}`);
      }
      client.close();
      return undefined;
    },
    async 'Client closes what it has not read, and the server sees it'({ httpx, client, base, features }) {
      if (!features.has('blocking')) return 'not on this host: its threads cannot block';
      const gate = `blocking-${Date.now()}`;
      const blocking = new httpx.Client();
      const lines = blocking.stream('GET', `${base}/gate/${gate}`).iterLines();
      equal(lines.next().value, 'first', 'the first line, before the rest is sent');
      lines.return();
      equal(await seenGone({ client, base }, gate), 'gone', 'what the server saw');
      blocking.close();
      return undefined;
    },
  },
};
