// A case for each of the two clients, on hosts whose threads may block.

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
