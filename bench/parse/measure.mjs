/**
 * One measurement, a process of its own: one subject on one item, warm-up and then a window, both counted in CPU, so that a
 * busy machine shortens neither. Checked before and behind the window in full (fields and a hash of all names and values; a
 * digest of every octet), inside it at each turn (number of fields or of octets, sampled digest). Configured by one JSON
 * word; tells its parent { units, cpuUs, wallMs }.
 */
import { Digest, digestOf } from '../digest.mjs';
import { fieldsOfText, hashOfFields } from './fields.mjs';
import { codedOf, headTextOf, itemOf } from './items.mjs';

/** Heads between two looks at the clock. */
const BATCH = 1024;
const STRIDE = 4093;

const cpuMs = (since) => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};

/** Runs `work(count)`, which may answer a promise, until it has used `ms` of CPU: { units, cpuUs, wallMs }. */
async function spin(work, batch, ms) {
  const cpu = process.cpuUsage();
  const at = performance.now();
  let units = 0;
  let usedMs = 0;
  do {
    const pending = work(batch);
    if (pending !== undefined) await pending;
    units += batch;
    usedMs = cpuMs(cpu);
  } while (usedMs < ms);
  return { units, cpuUs: usedMs * 1000, wallMs: performance.now() - at };
}

async function timed(work, batch, { warmupMs, windowMs }) {
  await spin(work, batch, warmupMs);
  return spin(work, batch, windowMs);
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
