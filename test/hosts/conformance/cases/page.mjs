// The page of examples/browser, in a frame: a response that is shown while it comes, decoded, with progress.
import { equal, holds } from '../check.mjs';

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
      equal((await client.get(`${base}/gone/${gate}`)).text, 'gone', 'what the server saw');
      close();
      const failing = await opened(`http://127.0.0.1:${closedPort}/`);
      holds((await failing.shows(whenStatus(/Error/))).startsWith('NetworkError: Cannot fetch from'), 'the failure');
      failing.close();
    },
  },
};
