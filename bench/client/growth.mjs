/**
 * Loads of growing size, a process of its own. connections: so many are opened by requests that the server holds back until
 * all are there, then each carries ten requests; a new client each time, so that connecting is counted. queue: so many
 * requests are begun at once on as many connections as our client has by default. Small loads are made again and again until
 * they come to REQUESTS_MIN. Every response is checked. Configured by one JSON word; tells its parent { loads: [{ units, cpuUs, wallMs }] } in the order of the sizes.
 */
import { Expected } from './expected.mjs';
import { Orders } from './orders.mjs';
import { PEERS } from './scenarios.mjs';

const WARM_WORKERS = 64;
const REQUESTS_PER_CONNECTION = 10;
const REQUESTS_MIN = 20000;

const cpuUs = (since) => {
  const { user, system } = process.cpuUsage(since);
  return user + system;
};

const all = (count, work) => Promise.all(Array.from({ length: count }, work));

/** Loads by name: (peer, expected, size, orders) => how many requests were made. */
const LOADS = {
  async connections(peer, expected, size, orders) {
    await orders.give('hold');
    const first = all(size, () => peer.get(expected));
    await orders.waitFor('held', size);
    await orders.give('release');
    await first;
    await all(size, async () => {
      for (let left = REQUESTS_PER_CONNECTION - 1; left > 0; left--) await peer.get(expected);
    });
    return size * REQUESTS_PER_CONNECTION;
  },
  async queue(peer, expected, size) {
    await all(size, () => peer.get(expected));
    return size;
  },
};

async function warm(peer, expected, ms) {
  const start = process.cpuUsage();
  await all(WARM_WORKERS, async () => {
    while (cpuUs(start) < ms * 1000) await peer.get(expected);
  });
}

/** Loads of one size until there were enough requests: { units, cpuUs, wallMs }. */
async function measure(open, work, size) {
  globalThis.gc();
  const sum = { units: 0, cpuUs: 0, wallMs: 0 };
  while (sum.units < REQUESTS_MIN) {
    const peer = await open();
    const cpu = process.cpuUsage();
    const at = performance.now();
    sum.units += await work(peer, size);
    sum.cpuUs += cpuUs(cpu);
    sum.wallMs += performance.now() - at;
    await peer.close();
  }
  return sum;
}

async function main(task) {
  const { open } = await import(`./peers/${PEERS.get(task.peer)}.mjs`);
  const { load, sizes } = task.scenario;
  const expected = new Expected(task.expectation);
  const orders = new Orders(task.origin);
  const first = await open(task);
  await warm(first, expected, task.warmupMs);
  await first.close();
  const loads = [];
  for (const size of sizes) {
    loads.push(
      await measure(
        () => open(task),
        (peer, count) => LOADS[load](peer, expected, count, orders),
        size,
      ),
    );
  }
  orders.close();
  return { loads };
}

process.on('disconnect', () => process.exit());
process.send(await main(JSON.parse(process.argv[2])), () => process.exit());
