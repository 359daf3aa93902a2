// The client over the host's own fetch (`httpx-wasm/fetch`): auth, hooks and redirects are the client's own, as far as the host
// shows what they need; what it hides or forbids is named in the error.
import { equal, failure, holds, pattern } from '../check.mjs';
import { seenGone } from '../clients.mjs';

export const fetch = {
  needs: [],
  cases: {
    async 'a call loads the client, whose errors are those of the root'({ httpx, fetching, base }) {
      const response = await fetching.get(`${base}/status/503`);
      const error = await failure(() => response.raiseForStatus(), fetching.HTTPStatusError, '503');
      holds(error instanceof httpx.HTTPStatusError && response instanceof httpx.Response, 'shared classes');
    },
    async 'an auth flow of two steps, with hooks around both'({ fetching, base }) {
      const { Auth } = await fetching.load();
      class Asked extends Auth {
        *authFlow(request) {
          const { statusCode } = yield request;
          if (statusCode !== 401) return;
          request.headers.set('authorization', `Basic ${btoa('user:pa:ss')}`);
          yield request;
        }
      }
      const log = [];
      const eventHooks = {
        request: [async (request) => void log.push(request.method)],
        response: [(response) => void log.push(response.statusCode)],
      };
      const client = new fetching.AsyncClient({ auth: new Asked(), eventHooks });
      equal((await client.get(`${base}/auth`)).statusCode, 200, 'status');
      equal(log, ['GET', 401, 'GET', 200], 'log');
      await client.aclose();
    },
    async 'redirects that are shown are followed step by step, hidden ones are named'({ fetching, base, features }) {
      const client = new fetching.AsyncClient();
      const call = client.get(`${base}/redirect/2`, { followRedirects: true });
      if (features.has('redirects')) equal((await call).history.length, 2, 'history');
      else {
        const error = await failure(() => call, fetching.UnsupportedProtocol, 'hidden');
        holds(error.message.includes("redirect: 'follow'"), error.message);
      }
      await client.aclose();
      const following = new fetching.AsyncClient({ followRedirects: true });
      equal((await following.get(`${base}/redirect/2`)).statusCode, 200, 'followed');
      await following.aclose();
      equal((await fetching.get(`${base}/redirect/2`, { followRedirects: true })).statusCode, 200, 'by a function');
    },
    async 'what fetch has decoded is not had undecoded, and says so'({ fetching, base }) {
      const response = await fetching.stream('GET', `${base}/coded/gzip`);
      await failure(() => response.rawBody, fetching.StreamError, 'rawBody');
      await failure(() => response.aiterRaw().next(), fetching.StreamError, 'aiterRaw');
      await response.aclose();
    },
    async 'a target that is no path is refused by name'({ fetching, base }) {
      const call = () => fetching.options(base, { extensions: { target: '*' } });
      const error = await failure(call, fetching.LocalProtocolError, 'target');
      holds(/target/i.test(error.message), error.message);
    },
    async 'a body is streamed, with BYOB readers and progress'({ fetching, base }) {
      const response = await fetching.stream('GET', `${base}/bytes/300000`);
      const total = Number(response.headers.get('content-length'));
      const reader = response.body.getReader({ mode: 'byob' });
      const seen = [];
      let octets = 0;
      for (let view = new Uint8Array(20_000); ; ) {
        const { value, done } = await reader.read(view);
        if (done) break;
        octets += value.length;
        seen.push(octets / total);
        view = new Uint8Array(value.buffer);
      }
      equal([octets, seen.at(-1)], [pattern(300_000).length, 1], 'octets and progress');
      holds(seen.length > 10, `${seen.length} steps`);
    },
    async 'cancelling a body, or closing it unread, reaches the server'({ fetching, client, base }) {
      for (const way of ['cancel', 'aclose']) {
        const gate = `fetch-${way}-${Date.now()}`;
        const response = await fetching.stream('GET', `${base}/gate/${gate}`);
        if (way === 'cancel') {
          const reader = response.body.getReader();
          equal((await reader.read()).done, false, 'a first piece');
          await reader.cancel();
        } else await response.aclose();
        equal(await seenGone({ client, base }, gate), 'gone', way);
      }
    },
    async 'a body of unknown length arrives, streamed or read into memory first'({ fetching, base }) {
      async function* content() {
        for (let i = 0; i < 7; i++) yield pattern(10_000);
      }
      equal((await fetching.post(`${base}/echo`, { content: content() })).json().octets, 70_000, 'octets');
    },
    async 'a plain call asks the server for no leave (CORS)'({ fetching, base }) {
      const response = await fetching.get(`${base}/preflighted/${Date.now()}`);
      equal(response.text, '0', 'preflights');
    },
    async 'options of sockets are refused by name'({ fetching }) {
      for (const name of [
        'verify',
        'cert',
        'trustEnv',
        'http1',
        'http2',
        'limits',
        'proxy',
        'resolve',
        'allowAddress',
      ]) {
        const error = await failure(() => new fetching.AsyncClient({ [name]: false }), TypeError, name);
        holds(error.message.includes(`'${name}'`), error.message);
      }
    },
    async 'a Host of the user is refused by name'({ fetching, base }) {
      const call = () => fetching.get(base, { headers: { host: 'other.example' } });
      const { message } = await failure(call, fetching.LocalProtocolError, 'Host');
      holds(/Host .*other\.example/.test(message), message);
    },
  },
};
