// Shows a response while it comes. The client is the one over the browser's fetch: 4 KB of it are loaded with the page, the
// rest with the first call. `?url=…` in the page's own URL begins at once.
import * as httpx from 'httpx-wasm/fetch';

/** Characters of a body that are shown: a page is no place for all of a large one. */
const SHOWN_MAX = 10_000;
const form = document.querySelector('form');
const progress = document.querySelector('progress');
const status = document.querySelector('[role=status]');
const output = document.querySelector('pre');
const client = new httpx.AsyncClient({ timeout: '30s', followRedirects: true });

/** Octets that will come, decoded; `null`: a coded body does not say. */
function octetsOf({ headers }) {
  const length = headers.get('content-length');
  return length === null || headers.has('content-encoding') ? null : Number(length);
}

async function show(url, signal) {
  const response = await client.stream('GET', url, { signal });
  const total = octetsOf(response);
  // Without a value the bar says that something is going on, and not how far it is.
  if (total === null) progress.removeAttribute('value');
  const text = new TextDecoder();
  let octets = 0;
  // Closes the response, and with it the connection, when it is left early: by an error, or by Stop.
  for await (const piece of response.aiterBytes()) {
    octets += piece.length;
    if (total !== null) progress.value = octets / total;
    status.textContent = `${response.statusCode}: ${octets} octets`;
    if (output.textContent.length < SHOWN_MAX) output.textContent += text.decode(piece, { stream: true });
  }
  progress.value = 1;
  status.textContent = `${response.statusCode}: ${octets} octets, all there`;
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const stop = new AbortController();
  const { url, stop: button } = form.elements;
  button.onclick = () => stop.abort(new DOMException('stopped by you', 'AbortError'));
  button.disabled = false;
  progress.value = 0;
  status.textContent = 'asked';
  output.textContent = '';
  try {
    await show(url.value, stop.signal);
  } catch (error) {
    // What went wrong is in the message: a name that is not there, CORS, a redirect that the browser hides, a silence.
    status.textContent = `${error.name}: ${error.message}`;
  } finally {
    button.disabled = true;
  }
});

const asked = new URLSearchParams(location.search).get('url');
if (asked !== null) {
  form.elements.url.value = asked;
  form.requestSubmit();
}
