/**
 * One measurement, a process of its own: one client in one scenario, warm-up and then a window. Configured by one JSON
 * word; tells its parent { units, cpuUs, userUs, wallMs }: how many requests or GiB, and what they took.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Digest } from '../digest.mjs';
import { Expected } from './expected.mjs';
import { BULK_STRIDE, bulkDigest } from './responses.mjs';
import { PEERS } from './scenarios.mjs';

/** CPU of the whole process and the clock, and the difference of two such marks. */
function mark() {
  return { cpu: process.cpuUsage(), at: performance.now() };
}

function since({ cpu, at }, units) {
  const { user, system } = process.cpuUsage(cpu);
  return { units, cpuUs: user + system, userUs: user, wallMs: performance.now() - at };
}

/** Keeps `concurrency` requests in flight until told to stop; a client may drive itself. */
function drive(peer, expected, concurrency) {
  const state = { done: 0, stopped: false };
  const worker = async () => {
    while (!state.stopped) {
      await peer.get(expected);
      state.done++;
    }
  };
  const workers = peer.drive?.(expected, concurrency, state) ?? Array.from({ length: concurrency }, worker);
  return { state, finished: Promise.all(workers) };
}

async function measureGets(peer, { scenario, expectation, warmupMs, windowMs }) {
  const expected = new Expected(expectation);
  const { state, finished } = drive(peer, expected, scenario.concurrency);
  await Promise.race([delay(warmupMs), finished]);
  const before = state.done;
  const start = mark();
  await Promise.race([delay(windowMs), finished]);
  const result = since(start, state.done - before);
  state.stopped = true;
  await finished;
  return result;
}

async function measureDownload(peer, { scenario }) {
  const once = async (octets, expected) => {
    const digest = new Digest(BULK_STRIDE);
    await peer.download(`/${octets}`, digest, octets);
    if (digest.octets !== octets || (peer.countsOnly !== true && digest.value !== expected)) {
      throw new Error(`Cannot count a download: ${digest.octets} octets, digest ${digest.value}`);
    }
  };
  await once(scenario.warmup, bulkDigest(scenario.warmup));
  const expected = bulkDigest(scenario.octets);
  const start = mark();
  await once(scenario.octets, expected);
  return since(start, scenario.octets / 2 ** 30);
}

async function measureUpload(peer, { scenario }) {
  const piece = Buffer.alloc(65536, 'upload ');
  const once = async (octets) => {
    const received = await peer.upload('/', piece, octets / piece.length);
    // Chunk framing, which the server counts too, is less than one part in a hundred.
    if (received < octets || received > octets * 1.01) {
      throw new Error(`Cannot count an upload of ${octets} octets: the server received ${received}`);
    }
  };
  await once(scenario.warmup);
  const start = mark();
  await once(scenario.octets);
  return since(start, scenario.octets / 2 ** 30);
}

const MEASURE = { get: measureGets, download: measureDownload, upload: measureUpload };

async function main(task) {
  const { open } = await import(`./peers/${PEERS.get(task.peer)}.mjs`);
  const peer = await open(task);
  const result = await MEASURE[task.scenario.kind](peer, task);
  await peer.close();
  return result;
}

process.on('disconnect', () => process.exit());
process.send(await main(JSON.parse(process.argv[2])), () => process.exit());
