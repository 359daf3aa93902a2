/** The order of measurement: clients interleaved, their order rotated each round and reversed every other. */
import { end, start } from './processes.mjs';

/** Request scenarios hold client and server on one core, bulk ones on two (PERF: unpinned, one connection is bimodal). */
function coresOf({ kind }) {
  return kind === 'get' ? { client: 0, server: 0 } : { client: 0, server: 1 };
}

/** A server for one scenario: its origin, and how to end it. */
export async function startServer(scenario, { node, certificate }) {
  const { child, message } = start(
    'client/server.mjs',
    { scenario, certificate },
    { node, core: coresOf(scenario).server },
  );
  const { port } = await message;
  return { origin: `${scenario.tls ? 'https' : 'http'}://127.0.0.1:${port}`, close: () => end(child) };
}

/** Starts one measurement of one peer. */
export function startMeasurement(
  scenario,
  peer,
  origin,
  { node, certificate, ourEntry, ca, warmupMs, windowMs, flags },
) {
  const task = { scenario, peer, origin, warmupMs, windowMs, ourEntry, ca: scenario.tls ? ca : null };
  const environment = scenario.tls ? { NODE_EXTRA_CA_CERTS: certificate.cert } : {};
  return start('client/measure.mjs', task, { node, core: coresOf(scenario).client, flags, environment });
}

function orderOf(peers, round) {
  const turn = round % peers.length;
  const rotated = [...peers.slice(turn), ...peers.slice(0, turn)];
  return round % 2 === 0 ? rotated : rotated.reverse();
}

/**
 * All measurements of one scenario.
 * @returns a map from peer to its results, one for each round
 */
export async function runRounds(scenario, peers, settings, progress) {
  const server = await startServer(scenario, settings);
  const results = new Map(peers.map((peer) => [peer, []]));
  try {
    for (let round = 0; round < settings.rounds; round++) {
      for (const peer of orderOf(peers, round)) {
        progress(round, peer);
        const { child, message } = startMeasurement(scenario, peer, server.origin, settings);
        results.get(peer).push(await message);
        await end(child);
      }
    }
  } finally {
    await server.close();
  }
  return results;
}
