// A case for each of the two clients, on hosts whose threads may block; what both need.

/** @param cases `(context, Client) => …`; what methods of either give is awaited, which leaves a value as it is */
export function forBothClients(cases) {
  const made = {};
  for (const [title, run] of Object.entries(cases)) {
    made[`AsyncClient: ${title}`] = (context) => run(context, context.httpx.AsyncClient);
    made[`Client: ${title}`] = (context) =>
      context.features.has('blocking')
        ? run(context, context.httpx.Client)
        : 'not on this host: its threads cannot block';
  }
  return made;
}

/** Closes a client of either kind. */
export const closed = (client) => (client.aclose === undefined ? client.close() : client.aclose());

/**
 * How long one waits for the server to have seen the end. Chromium reads on for up to five seconds in some connections whose
 * response was given up, so as to use them again, and closes them only then.
 */
const SEEN_MS = 30_000;

/** Waits until the server has seen that the reader of its route /gate/`gate` went away; answers 'gone'. */
export async function seenGone({ client, base }, gate) {
  return (await client.get(`${base}/gone/${gate}`, { timeout: SEEN_MS })).text;
}
