/**
 * One measurement, a process of its own: one client in one scenario, warm-up and then a window. Configured by one JSON
 * word; tells its parent { units, cpuUs, userUs, wallMs }: how many requests or GiB, and what they took. On hosts other than
 * Node it prints that.
 */
import { writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Digest } from '../digest.mjs';
import { Expected } from './expected.mjs';
import { BULK_STRIDE, bulkDigest } from './responses.mjs';
import { PEERS } from './scenarios.mjs';

/**
 * The least CPU that a window must have brought the process, as a share of its length: raw has it on an idle machine.
 */
const WINDOW_SHARE = 0.25;
/** How much longer than asked a phase may last until it has its CPU. */
const TIMES_MAX = 20;
const STEP_MS = 20;

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

/** A warm-up or a window: lasts `wallMs`, and until the process has used `cpuMs` of CPU. */
class Phase {
  #wallMs;
  #cpuMs;
  #start = mark();

  constructor(wallMs, cpuMs) {
    this.#wallMs = wallMs;
    this.#cpuMs = cpuMs;
  }

  /** raw has nothing to warm: its code is next to none. */
  static warmup(peer, cpuMs) {
    return peer.countsOnly ? new Phase(cpuMs / 4, 0) : new Phase(0, cpuMs);
  }

  static window(wallMs) {
    return new Phase(wallMs, wallMs * WINDOW_SHARE);
  }

  get isOver() {
    const { cpuUs, wallMs } = since(this.#start, 0);
    if (wallMs < this.#wallMs) return false;
    return cpuUs / 1000 >= this.#cpuMs || wallMs >= Math.max(this.#wallMs, this.#cpuMs) * TIMES_MAX;
  }

  /** Waits for its end, or until `finished` fails. */
  async wait(finished) {
    for (let ms = this.#wallMs; !this.isOver; ms = STEP_MS) await Promise.race([delay(ms), finished]);
  }

  /** What happened since its beginning. */
  result(units) {
    return since(this.#start, units);
  }
}

/** Requests of a client that blocks, one after the other, for one phase. */
function block(peer, expected, phase) {
  let done = 0;
  do {
    peer.getBlocking(expected);
    done++;
  } while (!phase.isOver);
  return phase.result(done);
}

async function measureGets(peer, { scenario, expectation, warmupMs, windowMs }) {
  const expected = new Expected(expectation);
  if (peer.getBlocking !== undefined) {
    block(peer, expected, Phase.warmup(peer, warmupMs));
    return block(peer, expected, Phase.window(windowMs));
  }
  const { state, finished } = drive(peer, expected, scenario.concurrency);
  await Phase.warmup(peer, warmupMs).wait(finished);
  const before = state.done;
  const phase = Phase.window(windowMs);
  await phase.wait(finished);
  const result = phase.result(state.done - before);
  state.stopped = true;
  await finished;
  return result;
}

async function measureDownload(peer, { scenario, expectation }) {
  const expected = new Expected(expectation);
  const once = async (octets, content) => {
    const digest = new Digest(BULK_STRIDE);
    await peer.download(`/${octets}`, digest, expected, octets);
    if (digest.octets !== octets || (peer.countsOnly !== true && digest.value !== content)) {
      throw new Error(`Cannot count a download: ${digest.octets} octets, digest ${digest.value}`);
    }
  };
  await once(scenario.warmup, bulkDigest(scenario.warmup));
  const content = bulkDigest(scenario.octets);
  const start = mark();
  await once(scenario.octets, content);
  return since(start, scenario.octets / 2 ** 30);
}

async function measureUpload(peer, { scenario, expectation }) {
  const expected = new Expected(expectation);
  const piece = Buffer.alloc(65536, 'upload ');
  const { octets, warmups, times } = scenario;
  const upload = async (count) => {
    for (let left = count; left > 0; left--) {
      const received = await peer.upload('/', piece, octets / piece.length, expected);
      // Chunk framing, which the server counts too, is less than one part in a hundred.
      if (received < octets || received > octets * 1.01) {
        throw new Error(`Cannot count an upload of ${octets} octets: the server received ${received}`);
      }
    }
  };
  await upload(warmups);
  const start = mark();
  await upload(times);
  return since(start, (times * octets) / 2 ** 30);
}

const MEASURE = {
  get: measureGets,
  content: measureGets,
  turns: measureGets,
  download: measureDownload,
  upload: measureUpload,
};

async function main(task) {
  const { open } = await import(`./peers/${PEERS.get(task.peer)}.mjs`);
  const peer = await open(task);
  const result = await MEASURE[task.scenario.kind](peer, task);
  await peer.close();
  return result;
}

const task = JSON.parse(process.argv[2]);
if (task.scenario.host === undefined) {
  process.on('disconnect', () => process.exit());
  process.send(await main(task), () => process.exit());
} else {
  writeSync(1, JSON.stringify(await main(task)));
  process.exit();
}
