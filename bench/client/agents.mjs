/** What the clients that stand on node:http share: an Agent that keeps connections alive, as many as a scenario has in use. */

/** What an Agent keeps by default. */
const FREE_SOCKETS_MAX = 256;

/** { module, agent }: node:http or node:https, by the origin's scheme. The authority of tests may come from the environment. */
export async function agentFor({ origin, scenario: { concurrency = 1 }, ca = null }) {
  const module = await import(origin.startsWith('https:') ? 'node:https' : 'node:http');
  const agent = new module.Agent({
    keepAlive: true,
    maxSockets: concurrency,
    maxFreeSockets: Math.max(concurrency, FREE_SOCKETS_MAX),
    ...(ca === null ? {} : { ca }),
  });
  return { module, agent };
}
