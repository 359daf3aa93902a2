/**
 * One measurement, a process of its own: one subject on one item, warm-up and then a window, both counted in CPU. Checked
 * before and behind the window in full (number of fields, and a hash of all names and values), inside it by the number of
 * fields of each list or the octets of each pass. Configured by one JSON word; tells its parent { units, cpuUs, wallMs }.
 */
import { hashOfFields } from '../parse/fields.mjs';
import { blocksOf } from './blocks.mjs';
import { itemOf } from './items.mjs';

const cpuMs = (since) => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};

/** Runs passes until `ms` of CPU are used. */
function spin(pass, ms) {
  const cpu = process.cpuUsage();
  const at = performance.now();
  let units = 0;
  let usedMs = 0;
  do {
    for (let turn = 0; turn < 16; turn++) units += pass();
    usedMs = cpuMs(cpu);
  } while (usedMs < ms);
  return { units, cpuUs: usedMs * 1000, wallMs: performance.now() - at };
}

function checkFields(found, lists) {
  const expected = lists.flat();
  if (found.length !== expected.length || hashOfFields(found) !== hashOfFields(expected)) {
    throw new Error(`Cannot count lists: ${found.length} fields came, not those that were given`);
  }
}

function decoding({ decoderOf }, lists, encoderOf) {
  const blocks = blocksOf(lists, encoderOf);
  const decoder = decoderOf();
  const check = () =>
    checkFields(
      blocks.flatMap((block) => decoder.fields(block)),
      lists,
    );
  const pass = () => {
    for (let index = 0; index < blocks.length; index++) {
      if (decoder.count(blocks[index]) !== lists[index].length) {
        throw new Error('Cannot count a list: a field is missing');
      }
    }
    return blocks.length;
  };
  return { check, pass };
}

function encoding({ encoderOf, listOf }, lists, decoderOf) {
  const prepared = lists.map(listOf);
  const check = () => {
    const encoder = encoderOf();
    const decoder = decoderOf();
    checkFields(
      prepared.flatMap((list) => decoder.fields(encoder.encode(list))),
      lists,
    );
  };
  const encoder = encoderOf();
  const pass = () => {
    let octets = 0;
    for (let index = 0; index < prepared.length; index++) octets += encoder.size(prepared[index]);
    if (octets < 8 * prepared.length) throw new Error('Cannot count lists: their blocks are too short');
    return prepared.length;
  };
  return { check, pass };
}

async function main(task) {
  const { isDecoding, listsOf } = itemOf(task.item);
  const { open } = await import(`./subjects/${task.module}.mjs`);
  const { open: openOurs } = await import('./subjects/api.mjs');
  const [subject, ours] = [await open(task), await openOurs(task)];
  const lists = listsOf();
  const { check, pass } = isDecoding
    ? decoding(subject, lists, ours.encoderOf)
    : encoding(subject, lists, ours.decoderOf);
  check();
  spin(pass, task.warmupMs);
  const result = spin(pass, task.windowMs);
  check();
  return result;
}

process.on('disconnect', () => process.exit());
process.send(await main(JSON.parse(process.argv[2])), () => process.exit());
