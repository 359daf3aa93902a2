/**
 * One measurement, a process of its own: one subject and all bodies of one group and size. First every body is decoded, and each
 * octet of what comes out held to its digest; then more of the same, until the warm-up's CPU is used; then a window for each
 * body, in which each turn is held to length and sampled digest. Configured by one JSON word; tells its parent, for each
 * body in order, { units, cpuUs, wallMs }; a unit is a MiB of content.
 */
import { readFileSync } from 'node:fs';
import { Digest } from '../digest.mjs';
import { PIECE_OCTETS, STRIDE } from './items.mjs';

/** A look at the CPU that was used costs as much as decoding 64 KB: there is one after this much content at the earliest. */
const LOOK_OCTETS = 4 * 2 ** 20;

/** Copies, so that each piece has memory of its own, as pieces from a socket do. */
function piecesOf(octets) {
  const count = Math.ceil(octets.length / PIECE_OCTETS);
  return Array.from({ length: count }, (_, index) =>
    Uint8Array.prototype.slice.call(octets, index * PIECE_OCTETS, (index + 1) * PIECE_OCTETS),
  );
}

/** What a subject is given: { octets, pieces }, one of them `null`. */
function givenOf({ file }, inPieces) {
  const octets = new Uint8Array(readFileSync(file));
  return inPieces ? { octets: null, pieces: piecesOf(octets) } : { octets, pieces: null };
}

const cpuUs = (since) => {
  const { user, system } = process.cpuUsage(since);
  return user + system;
};

async function main({ module, argument, coding, inPieces, bodies, warmupMs, windowMs, ourEntry }) {
  const { open } = await import(`./subjects/${module}.mjs`);
  const decode = await open({ coding, inPieces, ourEntry }, argument);
  const given = bodies.map((body) => givenOf(body, inPieces));

  const once = async (index, stride) => {
    const { corpus, octets, whole, sampled } = bodies[index];
    const digest = new Digest(stride);
    const pending = decode(given[index], (piece) => digest.update(piece));
    if (pending !== undefined) await pending;
    if (digest.octets !== octets || digest.value !== (stride === 1 ? whole : sampled)) {
      throw new Error(`Cannot count ${corpus} of ${octets} octets: ${digest.octets} came, digest ${digest.value}`);
    }
  };

  const start = process.cpuUsage();
  for (let index = 0; index < bodies.length; index++) await once(index, 1);
  while (cpuUs(start) < warmupMs * 1000) {
    for (let index = 0; index < bodies.length; index++) await once(index, STRIDE);
  }
  const results = [];
  for (let index = 0; index < bodies.length; index++) {
    const cpu = process.cpuUsage();
    const at = performance.now();
    const batch = Math.ceil(LOOK_OCTETS / bodies[index].octets);
    let turns = 0;
    do {
      for (let left = batch; left > 0; left--) await once(index, STRIDE);
      turns += batch;
    } while (cpuUs(cpu) < windowMs * 1000);
    const units = (turns * bodies[index].octets) / 2 ** 20;
    results.push({ units, cpuUs: cpuUs(cpu), wallMs: performance.now() - at });
  }
  return results;
}

process.on('disconnect', () => process.exit());
process.send(await main(JSON.parse(process.argv[2])), () => process.exit());
