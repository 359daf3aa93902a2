/**
 * `npm run bench -- profile [--scenario S2] [--peers httpx-wasm] [--seconds 5]`: runs one scenario of one client under
 * `--cpu-prof` and prints where its time goes: the functions with the most self time, grouped by file, through the
 * package's source maps. The .cpuprofile stays in bench/.work/profile, for a viewer.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepare, withBodies } from './client/command.mjs';
import { WORK } from './client/package.mjs';
import { startMeasurement, startServer } from './client/rounds.mjs';
import { scenarioOf } from './client/scenarios.mjs';
import { tableOf } from './table.mjs';
import { UsageError } from './usage.mjs';

const FOLDER = join(WORK, 'profile');
const FUNCTIONS_SHOWN = 30;
const SAMPLE_US = 200;
const WARMUP_MS = 2000;
/** Kinds of scenario without a window in which a client works. */
const UNPROFILED = new Set(['start', 'heap', 'growth']);
/** Time in which the client waits for the server. */
const IDLE = '(idle)';

/** Places in built files as places in sources, where a map lies beside the file. */
class Sources {
  #maps = new Map();

  /** { file, line } of a call frame; `file` in words where it is no file. */
  placeOf({ url, lineNumber, columnNumber, functionName }) {
    if (functionName.startsWith('(')) return { file: '(engine)', line: 0 };
    if (url.startsWith('wasm:')) return { file: '(wasm)', line: 0 };
    if (url === '') return { file: '(built in)', line: 0 };
    if (!url.startsWith('file:')) return { file: url, line: lineNumber + 1 };
    const path = fileURLToPath(url);
    const entry = this.#mapOf(path)?.findEntry(lineNumber, columnNumber);
    if (entry?.originalSource === undefined) return { file: shorten(path), line: lineNumber + 1 };
    return { file: shorten(resolve(path, '..', entry.originalSource)), line: entry.originalLine + 1 };
  }

  #mapOf(path) {
    if (!this.#maps.has(path)) {
      const map = `${path}.map`;
      this.#maps.set(path, existsSync(map) ? new SourceMap(JSON.parse(readFileSync(map, 'utf8'))) : null);
    }
    return this.#maps.get(path);
  }
}

/** A path without what leads to the installed package or to this folder. */
function shorten(path) {
  const inPackage = path.lastIndexOf('node_modules/');
  return inPackage >= 0 ? path.slice(inPackage + 'node_modules/'.length) : relative(WORK, path);
}

/** Functions by self time: { name, file, line, selfUs }, dearest first, without idling. */
function selfTimes({ nodes, samples, timeDeltas }) {
  const byNode = new Map(nodes.map(({ id }) => [id, 0]));
  for (let index = 0; index < samples.length; index++) {
    byNode.set(samples[index], byNode.get(samples[index]) + timeDeltas[index]);
  }
  const sources = new Sources();
  const byPlace = new Map();
  for (const { id, callFrame } of nodes) {
    if (callFrame.functionName === IDLE) continue;
    const name = callFrame.functionName || '(anonymous)';
    const { file, line } = sources.placeOf(callFrame);
    const key = `${name} ${file}:${line}`;
    const found = byPlace.get(key) ?? { name, file, line, selfUs: 0 };
    found.selfUs += byNode.get(id);
    byPlace.set(key, found);
  }
  return [...byPlace.values()].sort((a, b) => b.selfUs - a.selfUs);
}

/** Functions under their files, dearest file first. */
function grouped(functions) {
  const files = new Map();
  for (const one of functions) {
    const found = files.get(one.file) ?? { file: one.file, members: [], selfUs: 0 };
    found.members.push(one);
    found.selfUs += one.selfUs;
    files.set(one.file, found);
  }
  return [...files.values()].sort((a, b) => b.selfUs - a.selfUs);
}

/** Shares of the busy time, and what they are of the CPU that `each` request or GiB takes. */
function printTable(functions, each, unit) {
  const busy = functions.reduce((total, { selfUs }) => total + selfUs, 0);
  const shown = new Set(functions.slice(0, FUNCTIONS_SHOWN));
  const cells = (selfUs) => [`${((selfUs / busy) * 100).toFixed(1)} %`, ((selfUs / busy) * each).toFixed(2)];
  const rows = [['', 'self', unit]];
  for (const { file, members, selfUs } of grouped(functions)) {
    const best = members.filter((one) => shown.has(one));
    if (best.length === 0) continue;
    rows.push([file, ...cells(selfUs)]);
    for (const { name, line, selfUs: own } of best)
      rows.push([`    ${name}${line > 0 ? ` :${line}` : ''}`, ...cells(own)]);
  }
  console.log(tableOf(rows));
}

/** { scenario, windowMs } of what was asked for. @throws {UsageError} if there is nothing to profile in it */
function profiled([name, ...more], peer, seconds) {
  const scenario = scenarioOf(name);
  if (more.length > 0) throw new UsageError(`Cannot profile ${[name, ...more].join(' and ')}: one scenario at a time`);
  if (UNPROFILED.has(scenario.kind)) throw new UsageError(`Cannot profile ${name}: it has no window of requests`);
  if (scenario.host !== undefined) throw new UsageError(`Cannot profile ${name}: ${scenario.host} writes no profile`);
  if (!scenario.peers.includes(peer)) {
    throw new UsageError(`Cannot profile ${peer} in ${name}: there are ${scenario.peers.join(', ')}`);
  }
  const windowMs = Number(seconds) * 1000;
  if (!(windowMs > 0)) throw new UsageError(`Cannot profile for ${seconds} seconds`);
  return { scenario, windowMs };
}

export async function profile({ scenario: names = ['S2'], peers: peer = 'httpx-wasm', seconds = '5' }) {
  const { scenario, windowMs } = profiled(names, peer, seconds);
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const flags = ['--cpu-prof', `--cpu-prof-dir=${FOLDER}`, `--cpu-prof-interval=${SAMPLE_US}`];
  const timing = { rounds: 1, warmupMs: WARMUP_MS, windowMs };
  const settings = { ...(await prepare({ scenarios: [scenario], peers: [peer], timing })), flags };
  const [prepared] = await withBodies([scenario], settings);
  const server = await startServer(prepared, settings);
  try {
    const { child, message } = startMeasurement(prepared, peer, server.origin, settings);
    const ended = new Promise((done) => child.once('exit', done));
    const [{ name: what, unit, of }] = scenario.measures;
    const each = of(await message);
    await ended; // the profile is written on the way out
    const [file] = readdirSync(FOLDER);
    console.log(`${peer}, ${scenario.name}: ${scenario.text}; ${what} ${each.toFixed(2)} ${unit}, profiler included`);
    printTable(selfTimes(JSON.parse(readFileSync(join(FOLDER, file), 'utf8'))), each, unit);
    console.log(`\n${relative(process.cwd(), join(FOLDER, file))}`);
  } finally {
    await server.close();
  }
}
