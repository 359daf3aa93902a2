/**
 * `npm run bench -- parse [--quick] [--scenario H20]… [--peers a,b] [--rounds n] [--json]`: CPU of reading heads,
 * against native and WebAssembly parsers. Exit code 1: a named target is missed.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildPackage, CORE, ROOT } from '../artefacts.mjs';
import { chosenFrom, roundsOf } from '../choices.mjs';
import { installPeers, WORK } from '../client/package.mjs';
import { machineOf, summaryOf, tableOfSummary, tellProgress } from '../figures.mjs';
import { interleave } from '../interleave.mjs';
import { canPin, end, KEEPING_MEMORY, nodeTold, printedBy, start } from '../processes.mjs';
import { measured } from '../session.mjs';
import { fieldsOfText, hashOfFields } from './fields.mjs';
import { headTextOf, ITEMS, itemOf, NATIVE, SUBJECTS } from './items.mjs';
import { buildNative } from './native.mjs';

const TIMING = { warmupMs: 500, windowMs: 400 };
const ON_CORE = 0;
/** What a process takes to start, check and end. */
const START_SECONDS = 0.3;

/** Runs the C program once on a head. */
async function measureNative(item, { native, warmupMs, windowMs }) {
  const text = headTextOf(item);
  const fields = fieldsOfText(text);
  const file = join(WORK, 'picohttpparser', `${item.name}.head`);
  writeFileSync(file, text, 'latin1');
  const words = [file, String(warmupMs), String(windowMs), String(fields.length)];
  const result = await printedBy(native.path, words, { core: ON_CORE, environment: KEEPING_MEMORY });
  if (result.fields !== fields.length || result.hash !== hashOfFields(fields)) {
    throw new Error(`Cannot count heads: picohttpparser found ${result.fields} fields, not what the head says`);
  }
  return result;
}

async function measure(item, name, settings) {
  const subject = item.subjects.get(name);
  if (subject.native) return measureNative(item, settings);
  const { core, build, node, warmupMs, windowMs } = settings;
  const task = { ...subject, warmupMs, windowMs, item: item.name, core, build };
  const how = { node, core: ON_CORE, environment: KEEPING_MEMORY, flags: ['--no-deprecation'] };
  const { child, message } = start('parse/measure.mjs', task, how);
  const result = await message;
  await end(child);
  return result;
}

function prepare({ items, chosen, timing }) {
  installPeers();
  buildPackage();
  const { path: node, version } = nodeTold();
  const wantsNative = chosen.includes(NATIVE) && items.some(({ subjects }) => subjects.has(NATIVE));
  const native = wantsNative ? buildNative() : null;
  return {
    ...timing,
    node,
    version,
    native,
    core: CORE,
    build: pathToFileURL(join(ROOT, '.build/')).href,
  };
}

/** What a run measures, and how long that takes: { items, secondsOf, left, chosen, timing }. @throws {UsageError} */
export function planOf(options) {
  const { quick, scenario: names, peers } = options;
  const items = names?.map(itemOf) ?? ITEMS.filter((one) => one.quick || !quick);
  const chosen = chosenFrom(SUBJECTS, peers);
  const timing = { ...TIMING, rounds: roundsOf(options) };
  const each = START_SECONDS + (timing.warmupMs + timing.windowMs) / 1000;
  const secondsOf = ({ subjects }) => chosen.filter((name) => subjects.has(name)).length * timing.rounds * each;
  const left = ITEMS.filter((one) => !items.includes(one)).map(({ name }) => name);
  return { items, secondsOf, left, chosen, timing };
}

/** The layer, ready to be measured. @throws {UsageError} */
export async function layerOf(options) {
  const { items, secondsOf, chosen, timing } = planOf(options);
  const settings = prepare({ items, chosen, timing });
  const canRun = (name) => name !== NATIVE || settings.native?.path !== undefined;
  const subjectsOf = ({ subjects }) => [...subjects.keys()].filter((name) => chosen.includes(name) && canRun(name));
  return {
    items: items.filter((item) => subjectsOf(item).length > 0),
    secondsOf,
    machine: machineOf({ version: settings.version, pinned: canPin }),
    rounds: settings.rounds,
    skipped: settings.native?.reason ? { [NATIVE]: settings.native.reason } : {},
    tableOf: tableOfSummary,
    summaryOf,
    measure(item, round) {
      return interleave(subjectsOf(item), round, (name) => {
        tellProgress(`${item.name} round ${round + 1}: ${name}`);
        return measure(item, name, settings);
      });
    },
  };
}

export const parse = async (options) => measured(await layerOf(options), options);
