// What is a page's alone: that what its browser forbids is named by the client, and the page of examples/browser, in a frame: a
// response that is shown while it comes, decoded, with progress.
import { equal, failure, holds, pattern, sha256 } from '../check.mjs';
import { seenGone } from '../clients.mjs';

let pages = 0;

/** Opens the page for a URL. `shows(reader)` waits until what `reader` reads of the document is not `null`. */
async function opened(url) {
  const frame = document.createElement('iframe');
  const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
  frame.src = `/example/index.html?url=${encodeURIComponent(url)}`;
  document.body.append(frame);
  await loaded;
  const page = frame.contentDocument;
  const shows = (reader) =>
    new Promise((resolve) => {
      const look = () => {
        const found = reader(page);
        if (found === null) return;
        observer.disconnect();
        resolve(found);
      };
      const observer = new MutationObserver(look);
      observer.observe(page, { subtree: true, childList: true, characterData: true, attributes: true });
      look();
    });
  return { page, shows, close: () => frame.remove() };
}

const statusOf = (page) => page.querySelector('[role=status]').textContent;
const textOf = (page) => page.querySelector('pre').textContent;
const barOf = (page) => page.querySelector('progress');
const whenStatus = (pattern) => (page) => (pattern.test(statusOf(page)) ? statusOf(page) : null);

export const page = {
  /** Of pages alone: nothing that another host lacks. */
  only: 'a document',
  needs: [],
  cases: {
    async 'shows what has come before the rest is sent'({ client, base }) {
      const gate = `page-${Date.now()}-${pages++}`;
      const { page, shows, close } = await opened(`${base}/gate/${gate}`);
      await shows((seen) => (textOf(seen) === 'first\n' ? true : null));
      holds(!barOf(page).hasAttribute('value'), 'how much will come is not known');
      await client.get(`${base}/open/${gate}`);
      equal(await shows(whenStatus(/all there/)), '200: 13 octets, all there', 'status');
      equal([textOf(page), barOf(page).value], ['first\nsecond\n', 1], 'text and bar');
      close();
    },
    async 'shows a coded body decoded, and how far a plain one is'({ base }) {
      const coded = await opened(`${base}/coded/gzip`);
      await coded.shows(whenStatus(/all there/));
      holds(textOf(coded.page).startsWith('{"coding":"gzip"'), 'decoded');
      coded.close();
      const plain = await opened(`${base}/bytes/300000`);
      equal(await plain.shows(whenStatus(/all there/)), '200: 300000 octets, all there', 'status');
      plain.close();
    },
    async 'stops when told to, and says what went wrong'({ client, base, closedPort }) {
      const gate = `page-${Date.now()}-${pages++}`;
      const { page, shows, close } = await opened(`${base}/gate/${gate}`);
      await shows((seen) => (textOf(seen) === 'first\n' ? true : null));
      page.querySelector('[name=stop]').click();
      equal(await shows(whenStatus(/^AbortError/)), 'AbortError: stopped by you', 'status');
      equal(await seenGone({ client, base }, gate), 'gone', 'what the server saw');
      close();
      const failing = await opened(`http://127.0.0.1:${closedPort}/`);
      holds((await failing.shows(whenStatus(/Error/))).startsWith('NetworkError: Cannot fetch from'), 'the failure');
      failing.close();
    },
    async 'what only sockets can is refused by name, when the client is made'({ httpx }) {
      const options = {
        verify: false,
        cert: 'client.pem',
        http1: false,
        limits: { maxConnections: 1 },
        proxy: 'http://proxy.example:8080',
        resolve: () => '127.0.0.1',
        allowAddress: () => true,
      };
      for (const [name, value] of Object.entries(options)) {
        const error = await failure(() => new httpx.AsyncClient({ [name]: value }), TypeError, name);
        equal(error.message, `Cannot make a transport: this host cannot honour ${name}`, name);
      }
      await new httpx.AsyncClient({ verify: true, http1: true, http2: true, trustEnv: false }).aclose();
      const client = new httpx.AsyncClient({ transport: new httpx.AsyncHTTPTransport() });
      const error = await failure(() => client.get('http://127.0.0.1/'), httpx.ConnectError, 'sockets');
      holds(error.message.includes('this host has no sockets; use FetchTransport'), error.message);
    },
    async 'fields and methods that a page may not send are refused by name, cookies with them'({
      httpx,
      client,
      base,
    }) {
      for (const name of [
        'cookie',
        'origin',
        'referer',
        'te',
        'trailer',
        'via',
        'sec-fetch-mode',
        'proxy-authorization',
      ]) {
        const call = () => client.get(`${base}/echo`, { headers: { [name]: 'x' } });
        const error = await failure(call, httpx.LocalProtocolError, name);
        holds(error.message.includes(`a page may not set ${name} (Fetch §2.2.2)`), error.message);
      }
      const baked = new httpx.AsyncClient({ cookies: { a: 'b' } });
      holds(/cookie/i.test((await failure(() => baked.get(base), httpx.LocalProtocolError, 'jar')).message), 'jar');
      const traced = () => client.request('TRACE', base);
      holds(/TRACE/.test((await failure(traced, httpx.LocalProtocolError, 'TRACE')).message), 'TRACE');
      const named = await client.get(`${base}/echo`, { headers: { 'user-agent': 'mine', 'accept-language': 'de' } });
      equal(named.statusCode, 200, 'what a page may set');
    },
    async 'where fetch does not say what failed, the error says what it may be'({ httpx, base, closedPort }) {
      const client = new httpx.AsyncClient();
      for (const url of [`http://127.0.0.1:${closedPort}/`, `${base}/unshared`]) {
        const error = await failure(() => client.get(url), httpx.NetworkError, url);
        holds(/no connection, or CORS forbids it/.test(error.message), error.message);
      }
    },
    async 'uploads are streamed over HTTP/2 alone, and over HTTP/1.1 the error says so'({ httpx, base, h2Base }) {
      const octets = pattern(70_000);
      async function* content() {
        for (let at = 0; at < octets.length; at += 10_000) yield octets.slice(at, at + 10_000);
      }
      const client = new httpx.AsyncClient({ transport: new httpx.FetchTransport({ streamUploads: true }) });
      const seen = (await client.post(`${h2Base}/echo`, { content: content() })).json();
      equal([seen.octets, seen.digest], [octets.length, await sha256(octets)], 'what arrived');
      const call = () => client.post(`${base}/echo`, { content: content() });
      const error = await failure(call, httpx.NetworkError, 'HTTP/1.1');
      holds(/over HTTP\/2 alone/.test(error.message), error.message);
    },
    async 'what fetch hides is absent, not wrong'({ client, base }) {
      const response = await client.get(`${base}/chunked/5000`);
      equal([response.content.length, response.trailers.get('x-digest')], [5000, null], 'trailers');
      equal(response.extensions.networkStream, undefined, 'networkStream');
    },
  },
};
