/**
 * `npm run bench -- hpack [--quick] [--scenario DR]… [--peers a,b] [--rounds n] [--json]`: CPU of decoding and encoding field
 * lists, against native nghttp2 and the HPACK of npm. Exit code 1: a named target is missed.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CORE, ROOT } from '../artefacts.mjs';
import { chosenFrom, roundsOf } from '../choices.mjs';
import { installPackage, installPeers } from '../client/package.mjs';
import { machineOf, summaryOf, tableOfSummary, tellProgress } from '../figures.mjs';
import { interleave } from '../interleave.mjs';
import { hashOfFields } from '../parse/fields.mjs';
import { canPin, end, KEEPING_MEMORY, nodeTold, printedBy, start } from '../processes.mjs';
import { measured } from '../session.mjs';
import { blocksOf, fileOfBlocks, fileOfLists } from './blocks.mjs';
import { ITEMS, itemOf, NATIVE, SUBJECTS } from './items.mjs';
import { buildNative, FOLDER } from './native.mjs';
import { open as openOurs } from './subjects/api.mjs';

const TIMING = { warmupMs: 800, windowMs: 400 };
const ON_CORE = 0;
/** What a process takes to start, check and end. */
const START_SECONDS = 0.3;

/** Runs the C program once. */
async function measureNative({ name, isDecoding, listsOf }, { native, ours, warmupMs, windowMs }) {
  const lists = listsOf();
  const file = join(FOLDER, name);
  writeFileSync(file, isDecoding ? fileOfBlocks(blocksOf(lists, ours.encoderOf)) : fileOfLists(lists));
  const words = [isDecoding ? 'decode' : 'encode', file, String(warmupMs), String(windowMs)];
  const result = await printedBy(native.path, words, { core: ON_CORE, environment: KEEPING_MEMORY });
  const fields = lists.flat();
  if (result.fields !== fields.length || result.hash !== hashOfFields(fields)) {
    throw new Error(`Cannot count lists: nghttp2 found ${result.fields} fields, not those that were given`);
  }
  return result;
}

async function measure(item, name, settings) {
  const subject = item.subjects.get(name);
  if (subject.native) return measureNative(item, settings);
  const { ourEntry, core, build, node, warmupMs, windowMs } = settings;
  const task = { ...subject, warmupMs, windowMs, item: item.name, ourEntry, core, build };
  const { child, message } = start('hpack/measure.mjs', task, {
    node,
    core: ON_CORE,
    environment: KEEPING_MEMORY,
    flags: ['--no-deprecation'],
  });
  const result = await message;
  await end(child);
  return result;
}

async function prepare({ chosen, timing }) {
  installPeers();
  const ourEntry = installPackage();
  const { path: node, version } = nodeTold();
  const native = chosen.includes(NATIVE) ? buildNative() : null;
  const build = pathToFileURL(join(ROOT, '.build/')).href;
  return { ...timing, node, version, native, core: CORE, build, ourEntry, ours: await openOurs({ ourEntry }) };
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
  const settings = await prepare({ chosen, timing });
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

export const hpack = async (options) => measured(await layerOf(options), options);
