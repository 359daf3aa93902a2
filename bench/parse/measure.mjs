/**
 * One measurement, a process of its own: one subject on one item, warm-up and then a window. Checked before and behind the
 * window in full (fields and a hash of all names and values; a digest of every octet), inside it at each turn (number of
 * fields or of octets, sampled digest). Configured by one JSON word; tells its parent { units, cpuUs, wallMs }.
 */
import { Digest, digestOf } from '../digest.mjs';
import { fieldsOfText, hashOfFields } from './fields.mjs';
import { codedOf, headTextOf, itemOf } from './items.mjs';

/** Heads between two looks at the clock. */
const BATCH = 256;
const STRIDE = 4093;

/** Runs `work(count)`, which may answer a promise, for at least `ms`; how many units. */
async function spin(work, batch, ms) {
  const until = performance.now() + ms;
  let units = 0;
  do {
    const pending = work(batch);
    if (pending !== undefined) await pending;
    units += batch;
  } while (performance.now() < until);
  return units;
}

async function timed(work, batch, { warmupMs, windowMs }) {
  await spin(work, batch, warmupMs);
  const cpu = process.cpuUsage();
  const at = performance.now();
  const units = await spin(work, batch, windowMs);
  const { user, system } = process.cpuUsage(cpu);
  return { units, cpuUs: user + system, wallMs: performance.now() - at };
}

async function measureHead(open, item, task) {
  const head = headTextOf(item);
  const expected = fieldsOfText(head);
  const subject = await open({ ...task, head, fields: expected.length }, task.argument);
  const check = () => {
    const found = subject.found();
    if (found.length !== expected.length || hashOfFields(found) !== hashOfFields(expected)) {
      throw new Error(`Cannot count heads: ${found.length} fields, not what the head says`);
    }
  };
  check();
  const result = await timed(subject.run, BATCH, task);
  check();
  return result;
}

async function measureContent(open, item, task) {
  const { content, ...coded } = codedOf(item);
  const subject = await open({ ...task, ...coded }, task.argument);
  const once = async (stride, expected) => {
    const digest = new Digest(stride);
    await subject.decode((piece) => digest.update(piece));
    if (digest.octets !== content.length || digest.value !== expected) {
      throw new Error(`Cannot count a content: ${digest.octets} octets, digest ${digest.value}`);
    }
  };
  const whole = digestOf(content, 1);
  const sampled = digestOf(content, STRIDE);
  await once(1, whole);
  const result = await timed(() => once(STRIDE, sampled), 1, task);
  await once(1, whole);
  return { ...result, units: (result.units * content.length) / 2 ** 20 };
}

async function main(task) {
  const item = itemOf(task.item);
  const { open } = await import(`./subjects/${task.module}.mjs`);
  return item.kind === 'head' ? measureHead(open, item, task) : measureContent(open, item, task);
}

process.on('disconnect', () => process.exit());
process.send(await main(JSON.parse(process.argv[2])), () => process.exit());
