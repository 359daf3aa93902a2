/**
 * `npm run bench [-- --quick]`: every layer, one after the other, with progress; writes bench/report/data.json and draws the report
 * from it (draw.mjs), or, with `--out file`, leaves the data there and the report alone. It says how long it will take.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtModules } from '../artefacts.mjs';
import { roundsOf } from '../choices.mjs';
import { layerOf as clientLayer, planOf as planOfClient } from '../client/command.mjs';
import { installPeers } from '../client/package.mjs';
import { layerOf as codingsLayer, planOf as planOfCodings } from '../codings/command.mjs';
import { corpusHash, heldCorpus } from '../corpus/hashes.mjs';
import { countRows } from '../exact/command.mjs';
import { compare, readGolden } from '../exact/golden.mjs';
import { beginPart } from '../figures.mjs';
import { layerOf as hpackLayer, planOf as planOfHpack } from '../hpack/command.mjs';
import { layerOf as parseLayer, planOf as planOfParse } from '../parse/command.mjs';
import { nodeOf } from '../processes.mjs';
import { minutesText, Session } from '../session.mjs';
import { DATA, draw, keep } from './draw.mjs';
import { versionsOf } from './versions.mjs';

const LAYERS = {
  parse: { layerOf: parseLayer, planOf: planOfParse },
  hpack: { layerOf: hpackLayer, planOf: planOfHpack },
  codings: { layerOf: codingsLayer, planOf: planOfCodings },
  client: { layerOf: clientLayer, planOf: planOfClient },
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

/** A session of each layer, by name, all ready to be measured. */
async function sessionsOf(options) {
  const sessions = new Map();
  for (const [name, { layerOf }] of Object.entries(LAYERS)) sessions.set(name, new Session(await layerOf(options)));
  return sessions;
}

/** Measures all rounds of all layers, each round of all before the next of any. */
async function measureRounds(sessions, rounds) {
  const since = performance.now();
  const spent = () => ((performance.now() - since) / 60000).toFixed(1);
  const about = minutesText([...sessions.values()].reduce((sum, { seconds }) => sum + seconds, 0));
  for (let round = 0; round < rounds; round++) {
    for (const [name, session] of sessions) {
      beginPart(`[round ${round + 1} of ${rounds}: ${name}, begun after ${spent()} of ${about}] `);
      console.error(`━━ round ${round + 1} of ${rounds}: ${name}, after ${spent()} of ${about}`);
      await session.round(round);
    }
  }
  beginPart('');
  console.error(`━━ all, after ${spent()} min`);
}

/** What rounds showed before one failed is not lost: it is left beside the file that was asked for. */
function keepPart(data, path) {
  const part = `${path instanceof URL ? fileURLToPath(path) : path}.part`;
  keep(data, part);
  console.error(`${part} holds what was measured until then`);
}

/**
 * Runs everything: { date, load, command, quick, left, peers, parts, needed, corpus, exact, parse, hpack, codings, client };
 * date: when it began; load: before anything was done; left: by layer, what this run left out; peers, parts, needed: as
 * versionsOf says them.
 */
async function measureAll(options, path) {
  const [load] = loadavg();
  installPeers(); // first, since who can take part depends on the Node that is among them
  const everything = { ...options, scenario: undefined, peers: undefined };
  const left = Object.fromEntries(Object.entries(LAYERS).map(([name, { planOf }]) => [name, planOf(everything).left]));
  const date = new Date().toISOString();
  const corpus = corpusHash(heldCorpus());
  const described = { date, load, command: commandText(), quick: options.quick, left, ...versionsOf(), corpus };
  const exact = countExact(options);
  const sessions = await sessionsOf(everything);
  const data = () => {
    const begun = [...sessions].filter(([, session]) => session.hasBegun);
    return { ...described, exact, ...Object.fromEntries(begun.map(([name, session]) => [name, session.data()])) };
  };
  try {
    await measureRounds(sessions, roundsOf(options));
  } catch (error) {
    keepPart(data(), path);
    throw error;
  } finally {
    for (const session of sessions.values()) await session.close();
  }
  return data();
}

export async function all(options) {
  const path = options.out ?? DATA;
  // Before all else: hours later is late for a folder that cannot be made.
  mkdirSync(options.out === undefined ? new URL('./', DATA) : dirname(resolve(options.out)), { recursive: true });
  const data = await measureAll(options, path);
  keep(data, path);
  if (options.out === undefined) await draw();
  else console.error(`${options.out} holds the data; the report is as it was`);
  for (const line of data.exact.worse) console.error(`WORSE: ${line}`);
  const summaries = Object.keys(LAYERS).flatMap((name) => data[name].summaries);
  return { ...data, summaries };
}
