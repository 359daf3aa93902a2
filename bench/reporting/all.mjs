/**
 * `npm run bench [-- --quick]`: every layer, one after the other, with progress; writes bench/report/data.json and draws the report
 * from it (draw.mjs), or, with `--out file`, leaves the data there and the report alone. It says how long it will take.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtModules } from '../artefacts.mjs';
import { client, planOf as planOfClient } from '../client/command.mjs';
import { installPeers } from '../client/package.mjs';
import { codings, planOf as planOfCodings } from '../codings/command.mjs';
import { corpusHash, heldCorpus } from '../corpus/hashes.mjs';
import { countRows } from '../exact/command.mjs';
import { compare, readGolden } from '../exact/golden.mjs';
import { beginPart } from '../figures.mjs';
import { hpack, planOf as planOfHpack } from '../hpack/command.mjs';
import { parse, planOf as planOfParse } from '../parse/command.mjs';
import { nodeOf } from '../processes.mjs';
import { minutesText, secondsOfPlan } from '../session.mjs';
import { DATA, draw } from './draw.mjs';
import { versionsOf } from './versions.mjs';

const LAYERS = {
  parse: { run: parse, planOf: planOfParse },
  hpack: { run: hpack, planOf: planOfHpack },
  codings: { run: codings, planOf: planOfCodings },
  client: { run: client, planOf: planOfClient },
};
/** What `exact --json` counts when another Node runs it. */
function countedOn({ path, version }) {
  const program = fileURLToPath(new URL('../run.mjs', import.meta.url));
  const { stdout, stderr } = spawnSync(path, [program, 'exact', '--json'], { encoding: 'utf8' });
  if (stdout === '') throw new Error(`Cannot count on Node ${version}: ${stderr}`);
  return JSON.parse(stdout);
}

/** The counts of the exact layer, on the Node that was asked for if one was, and whether the golden table holds. */
function countExact({ node }) {
  const modules = builtModules();
  const counted = node === undefined ? countRows(modules) : countedOn(nodeOf());
  return { ...counted, worse: compare(counted, readGolden()).worse };
}

/** What was typed, but for the folders of this machine. */
function commandText() {
  const words = process.argv.slice(2).map((word) => (word.includes('/') ? basename(word) : word));
  return ['npm run bench', ...(words.length === 0 ? [] : ['--', ...words])].join(' ');
}

/**
 * Runs everything: { date, load, command, quick, left, peers, parts, needed, corpus, exact, parse, hpack, codings, client };
 * load: before anything was done; left: by layer, what this run left out; peers, parts, needed: as versionsOf says them.
 */
async function measureAll(options) {
  const since = performance.now();
  const [load] = loadavg();
  installPeers(); // first, since who can take part depends on the Node that is among them
  const everything = { ...options, scenario: undefined, peers: undefined };
  const plans = Object.entries(LAYERS).map(([name, { planOf }]) => [name, planOf(everything)]);
  const about = minutesText(plans.reduce((sum, [, plan]) => sum + secondsOfPlan(plan), 0));
  const left = Object.fromEntries(plans.map(([name, plan]) => [name, plan.left]));
  const date = new Date().toISOString().slice(0, 10);
  const corpus = corpusHash(heldCorpus());
  const described = { date, load, command: commandText(), quick: options.quick, left, ...versionsOf(), corpus };
  const data = { ...described, exact: countExact(options) };
  for (const [index, [name, { run }]] of Object.entries(LAYERS).entries()) {
    const minutes = ((performance.now() - since) / 60000).toFixed(1);
    beginPart(`[${index + 1} of ${Object.keys(LAYERS).length}: ${name}, begun after ${minutes} of ${about}] `);
    console.error(`━━ ${name}, after ${minutes} of ${about}`);
    data[name] = await run(everything);
  }
  beginPart('');
  console.error(`━━ all, after ${((performance.now() - since) / 60000).toFixed(1)} min`);
  return data;
}

/** Figures are told in fewer digits than these. */
const DIGITS = 5;

function rounded(_key, value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value;
}

export async function all(options) {
  // Before all else: hours later is late for a folder that cannot be made.
  mkdirSync(options.out === undefined ? new URL('./', DATA) : dirname(resolve(options.out)), { recursive: true });
  const data = await measureAll(options);
  const text = `${JSON.stringify(data, rounded, 1)}\n`;
  if (options.out === undefined) {
    writeFileSync(DATA, text);
    await draw();
  } else {
    writeFileSync(options.out, text);
    console.error(`${options.out} holds the data; the report is as it was`);
  }
  for (const line of data.exact.worse) console.error(`WORSE: ${line}`);
  const summaries = Object.keys(LAYERS).flatMap((name) => data[name].summaries);
  return { ...data, summaries };
}
