/**
 * One measurement, a process of its own: one subject on one item, warm-up and then a window, both counted in CPU, so that a
 * busy machine shortens neither. Checked before and behind the window in full (number of fields, and a hash of all names and
 * values), inside it by the number of fields of each head. Configured by one JSON word; tells its parent { units, cpuUs,
 * wallMs }.
 */
import { fieldsOfText, hashOfFields } from './fields.mjs';
import { headTextOf, itemOf } from './items.mjs';

/** Heads between two looks at the clock. */
const BATCH = 1024;

const cpuMs = (since) => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};

/** Runs batches until `ms` of CPU are used: { units, cpuUs, wallMs }. */
function spin(run, ms) {
  const cpu = process.cpuUsage();
  const at = performance.now();
  let units = 0;
  let usedMs = 0;
  do {
    run(BATCH);
    units += BATCH;
    usedMs = cpuMs(cpu);
  } while (usedMs < ms);
  return { units, cpuUs: usedMs * 1000, wallMs: performance.now() - at };
}

async function main(task) {
  const { open } = await import(`./subjects/${task.module}.mjs`);
  const head = headTextOf(itemOf(task.item));
  const expected = fieldsOfText(head);
  const subject = await open({ ...task, head, fields: expected.length }, task.argument);
  const check = () => {
    const found = subject.found();
    if (found.length !== expected.length || hashOfFields(found) !== hashOfFields(expected)) {
      throw new Error(`Cannot count heads: ${found.length} fields, not what the head says`);
    }
  };
  check();
  spin(subject.run, task.warmupMs);
  const result = spin(subject.run, task.windowMs);
  check();
  return result;
}

process.on('disconnect', () => process.exit());
process.send(await main(JSON.parse(process.argv[2])), () => process.exit());
