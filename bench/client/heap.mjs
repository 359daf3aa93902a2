/**
 * What connections hold, a process of its own, run with --expose-gc: opens as many as `concurrency` says by requests that
 * the server holds back, weighs them in flight, has them answered, and weighs the same connections idle. Both counts
 * include the connection; before each, garbage is collected until no more comes free. Configured by one JSON word;
 * tells its parent { flight, idle }: octets of the JavaScript heap, and of the process, for each connection.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Expected } from './expected.mjs';
import { Orders } from './orders.mjs';
import { PEERS } from './scenarios.mjs';

const WARMUP = 50;
const SETTLE_MS = 5;
/** Collections until the heap shrinks by less than this many octets. */
const SETTLED_OCTETS = 4096;
const COLLECTIONS_MAX = 20;

/** Octets on the heap, and of the whole process, when nothing more comes free. */
async function settled() {
  let before = Number.POSITIVE_INFINITY;
  for (let count = 0; count < COLLECTIONS_MAX; count++) {
    globalThis.gc();
    await delay(SETTLE_MS);
    const { heapUsed, rss } = process.memoryUsage();
    if (heapUsed > before - SETTLED_OCTETS) return { heap: heapUsed, rss };
    before = heapUsed;
  }
  throw new Error('Cannot weigh connections: the heap does not settle');
}

const each = (after, before, count) => ({
  heap: (after.heap - before.heap) / count,
  rss: (after.rss - before.rss) / count,
});

async function main(task) {
  const { open } = await import(`./peers/${PEERS.get(task.peer)}.mjs`);
  const { concurrency } = task.scenario;
  const expected = new Expected(task.expectation);
  const orders = new Orders(task.origin);
  const peer = await open(task);
  for (let count = 0; count < WARMUP; count++) await peer.get(expected);
  await orders.give('hold');
  const openBefore = await orders.give('open');
  const before = await settled();
  let answered = Array.from({ length: concurrency }, () => peer.get(expected));
  await orders.waitFor('held', concurrency);
  const opened = (await orders.give('open')) - openBefore;
  const flight = each(await settled(), before, opened);
  await orders.give('release');
  await Promise.all(answered);
  answered = null;
  const idle = each(await settled(), before, opened);
  const left = (await orders.give('open')) - openBefore;
  if (left !== opened) throw new Error(`Cannot weigh connections: ${left} of ${opened} were left open`);
  orders.close();
  await peer.close();
  return { flight, idle };
}

process.on('disconnect', () => process.exit());
process.send(await main(JSON.parse(process.argv[2])), () => process.exit());
