// What AsyncClient promises, seen from the client and from the server.
import { equal, failure, holds, pattern, sha256 } from '../check.mjs';
import { closed, forBothClients } from '../clients.mjs';

const MIB = 1024 * 1024;

export const client = {
  needs: [],
  cases: {
    async 'a GET with parameters and headers arrives as it was meant'({ client, base }) {
      const response = await client.get(`${base}/echo?gone=1`, {
        params: { a: 1, b: 'ä &' },
        headers: { 'x-One': 'two' },
      });
      equal(response.statusCode, 200, 'status');
      const seen = response.json();
      equal(seen.method, 'GET', 'method');
      equal(seen.query, '?a=1&b=%C3%A4+%26', 'query');
      holds(
        seen.headers.some(([name, value]) => name.toLowerCase() === 'x-one' && value === 'two'),
        'the header arrived',
      );
    },
    async 'bodies of every kind arrive whole'({ client, base, features }) {
      const octets = pattern(70_000);
      const digest = await sha256(octets);
      const streams = { octets, buffer: octets.buffer };
      if (typeof Blob !== 'undefined') streams.blob = new Blob([octets]);
      if (features.has('streamed uploads')) {
        streams.iterable = (async function* () {
          for (let at = 0; at < octets.length; at += 10_000) yield octets.subarray(at, at + 10_000);
        })();
        streams.stream = new ReadableStream({
          start(controller) {
            for (let at = 0; at < octets.length; at += 10_000) controller.enqueue(octets.slice(at, at + 10_000));
            controller.close();
          },
        });
      }
      for (const [kind, content] of Object.entries(streams)) {
        const seen = (await client.post(`${base}/echo`, { content })).json();
        equal(seen.octets, octets.length, `octets of ${kind}`);
        equal(seen.digest, digest, `digest of ${kind}`);
      }
    },
    async 'forms, JSON and files are encoded'({ client, base }) {
      const json = (await client.post(`${base}/echo`, { json: { a: [1, 'ä'] } })).json();
      equal(json.octets, new TextEncoder().encode('{"a":[1,"ä"]}').length, 'octets of JSON');
      const form = (await client.post(`${base}/echo`, { data: { a: '1 2', b: ['x', 'y'] } })).json();
      equal(form.octets, 'a=1+2&b=x&b=y'.length, 'octets of a form');
      const files = (await client.post(`${base}/echo`, { files: { f: ['n.txt', 'hello'] }, data: { k: 'v' } })).json();
      const type = files.headers.find(([name]) => name.toLowerCase() === 'content-type')[1];
      holds(/^multipart\/form-data; boundary=[0-9a-f]{32}$/.test(type), `content type ${type}`);
    },
    async 'a chunked body with trailers is read'({ client, base, features }) {
      const response = await client.get(`${base}/chunked/100000`);
      equal(response.content, pattern(100_000), 'content');
      if (features.has('trailers')) {
        equal(response.trailers.get('x-digest'), await sha256(pattern(100_000)), 'trailer');
      }
    },
    async 'redirects are followed only when asked for'({ client, base, features }) {
      if (!features.has('redirects')) return 'the host follows redirects itself';
      equal((await client.get(`${base}/redirect/2`)).statusCode, 302, 'not followed');
      const response = await client.get(`${base}/redirect/3`, { followRedirects: true });
      equal([response.statusCode, response.history.length], [200, 3], 'followed');
      return undefined;
    },
    async 'cookies go back where they belong'({ httpx, client, base, features }) {
      if (!features.has('cookies')) return 'the host keeps cookies to itself';
      await client.get(`${base}/cookie`);
      const { headers } = (await client.get(`${base}/echo`)).json();
      equal(headers.find(([name]) => name.toLowerCase() === 'cookie')?.[1], 'flavour=oat', 'the Cookie header');
      client.cookies.clear();
      holds(client.cookies instanceof httpx.Cookies, 'cookies');
      return undefined;
    },
    async 'Basic authentication is answered'({ client, base, features }) {
      if (features.has('own 401')) equal((await client.get(`${base}/auth`)).statusCode, 401, 'without');
      equal((await client.get(`${base}/auth`, { auth: ['user', 'pa:ss'] })).statusCode, 200, 'with');
    },
    async 'hooks run around each request'({ httpx, base, options }) {
      const log = [];
      const eventHooks = {
        request: [(request) => void log.push(request.method)],
        response: [async (response) => void log.push(response.statusCode)],
      };
      const client = new httpx.AsyncClient({ ...options, eventHooks });
      await client.get(`${base}/status/204`);
      await client.aclose();
      equal(log, ['GET', 204], 'log');
    },
    async 'raiseForStatus raises for an error'({ httpx, client, base }) {
      const response = await client.get(`${base}/status/503`);
      const error = await failure(() => response.raiseForStatus(), httpx.HTTPStatusError, '503');
      equal(error.response.statusCode, 503, 'its response');
    },
    async 'a silent server is a ReadTimeout'({ httpx, client, base }) {
      const call = () => client.get(`${base}/stall`, { timeout: '200ms' });
      const error = await failure(call, httpx.TimeoutException, 'silence');
      holds(error.message.includes('200 ms'), error.message);
    },
    async 'an abort rejects with its own reason'({ client, base }) {
      const controller = new AbortController();
      const reason = new Error('enough');
      const failed = failure(() => client.get(`${base}/stall`, { signal: controller.signal }), Error, 'abort');
      setTimeout(() => controller.abort(reason), 20);
      holds((await failed) === reason, 'the reason itself');
    },
    async 'a port that nobody listens on is a ConnectError'({ httpx, client, closedPort, features }) {
      const expected = features.has('own sockets') ? httpx.ConnectError : httpx.TransportError;
      const error = await failure(() => client.get(`http://127.0.0.1:${closedPort}/`), expected, 'refused');
      holds(error.message.length > 10 && error.request.method === 'GET', 'says what was attempted');
    },
    async 'a closed client says so'({ httpx, base, options }) {
      const client = new httpx.AsyncClient(options);
      await client.aclose();
      await failure(() => client.get(`${base}/echo`), httpx.ClientClosed, 'closed');
    },
    async 'functions send one call each'({ httpx, base, features }) {
      equal((await httpx.get(`${base}/coded/gzip`)).json().coding, 'gzip', 'GET');
      equal((await httpx.post(`${base}/echo`, { json: [1] })).json().octets, 3, 'POST');
      const response = await httpx.stream('GET', `${base}/bytes/100000`);
      let octets = 0;
      for await (const piece of response.aiterBytes()) octets += piece.length;
      equal(octets, 100_000, 'streamed');
      const followed = await httpx.get(`${base}/redirect/2`, { followRedirects: true });
      equal([followed.statusCode, followed.history.length], [200, features.has('redirects') ? 2 : 0], 'followed');
    },
    async 'mock transports need nothing of the host'({ httpx }) {
      const transport = new httpx.MockTransport(() => new httpx.Response(200, { json: { ok: true } }));
      const mocked = new httpx.AsyncClient({ transport });
      equal((await mocked.get('http://nowhere.invalid/')).json(), { ok: true }, 'asynchronous');
      const blocking = new httpx.Client({ transport });
      equal(blocking.get('http://nowhere.invalid/').json(), { ok: true }, 'blocking');
      blocking.close();
    },
  },
};

export const sockets = {
  needs: ['own sockets'],
  cases: {
    async 'connections are kept and used again'({ httpx, base, options }) {
      const client = new httpx.AsyncClient(options);
      const first = (await client.get(`${base}/bytes/1`)).headers.get('x-peer-port');
      for (let i = 0; i < 20; i++) {
        equal((await client.get(`${base}/bytes/100`)).headers.get('x-peer-port'), first, 'the port at the server');
      }
      await client.aclose();
    },
    async 'many at once share a bounded pool'({ httpx, base, options }) {
      const client = new httpx.AsyncClient({ ...options, limits: { maxConnections: 4 } });
      const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => client.get(`${base}/bytes/${i * 100}`)));
      equal(
        answers.map(({ content }) => content.length),
        Array.from({ length: 40 }, (_, i) => i * 100),
        'sizes',
      );
      await client.aclose();
    },
    async 'an early response ends an upload'({ client, base }) {
      let pulled = 0;
      const content = (async function* () {
        for (; pulled < 10_000; pulled++) yield pattern(10_000);
      })();
      equal((await client.post(`${base}/early/and-hear-on`, { content })).statusCode, 413, 'status');
      holds(pulled < 10_000, 'the upload stopped');
    },
    async 'a reset behind an early response does not lose it'({ httpx, client, base, features }) {
      const content = (async function* () {
        for (let i = 0; i < 10_000; i++) yield pattern(10_000);
      })();
      const response = client.post(`${base}/early/and-reset`, { content });
      if (features.has('reads up to a reset')) {
        equal((await response).statusCode, 413, 'status');
        return undefined;
      }
      const outcome = await response.catch((error) => error);
      holds(outcome.statusCode === 413 || outcome instanceof httpx.TransportError, String(outcome));
      return `the host closes a socket that it cannot write to: ${outcome.statusCode ?? outcome.name}`;
    },
    async 'resolve and allowAddress are asked, or refused at construction'({ httpx, plainPort, features, options }) {
      if (!features.has('addresses')) {
        await failure(() => new httpx.AsyncClient({ ...options, resolve: () => '127.0.0.1' }), TypeError, 'resolve');
        return;
      }
      const client = new httpx.AsyncClient({ ...options, resolve: () => '127.0.0.1' });
      equal((await client.get(`http://made.up.invalid:${plainPort}/status/204`)).statusCode, 204, 'resolved');
      await client.aclose();
      const strict = new httpx.AsyncClient({ ...options, allowAddress: () => false });
      await failure(() => strict.get(`http://127.0.0.1:${plainPort}/`), httpx.ConnectError, 'refused');
      await strict.aclose();
    },
  },
};

export const tls = {
  needs: ['tls'],
  cases: forBothClients({
    async 'HTTPS by an authority of our own'({ secureBase, secureOptions }, Client) {
      const client = new Client(secureOptions);
      equal((await client.get(`${secureBase}/bytes/50000`)).content, pattern(50_000), 'content');
      await closed(client);
    },
    async 'a long body over TLS comes whole, to a reader who is slower'(context, Client) {
      const { httpx, client: plain, base, secureBase, secureOptions } = context;
      const client = new Client(secureOptions);
      const id = `secure-${Client.name}-${Date.now()}`;
      const response = await client.stream('GET', `${secureBase}/flood/24/${id}`);
      let [octets, asked] = [0, 0];
      for await (const piece of Client === httpx.Client ? response.iterRaw() : response.aiterRaw()) {
        octets += piece.length;
        if (octets < (asked + 1) * MIB) continue;
        asked++;
        await plain.get(`${base}/flooded/${id}`);
      }
      equal(octets, 24 * MIB, 'octets');
      await closed(client);
    },
    async 'an authority that nobody named is refused'({ httpx, unknownBase, secureOptions, features }, Client) {
      const client = new Client(secureOptions);
      const error = await failure(() => client.get(`${unknownBase}/echo`), httpx.ConnectError, 'unknown authority');
      // A runtime that decides on trust itself does not say why.
      if (features.has('own authorities')) holds(/certificate|issuer/i.test(error.message), error.message);
      await closed(client);
    },
    async 'verify: false takes whom nobody knows, or is refused by name'({ unknownBase, features }, Client) {
      if (!features.has('own authorities')) {
        const error = await failure(() => new Client({ verify: false }), TypeError, 'verify');
        holds(error.message.endsWith('cannot honour verify'), error.message);
        return;
      }
      const client = new Client({ verify: false });
      equal((await client.get(`${unknownBase}/status/204`)).statusCode, 204, 'status');
      await closed(client);
    },
  }),
};
