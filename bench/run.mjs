/** `npm run bench [-- command] [options]`: the benchmark commands and what they take; without one, all of them. */
import { parseArgs } from 'node:util';
import { heldCorpus } from './corpus/hashes.mjs';
import { exitCodeOf } from './figures.mjs';
import { measureOn } from './processes.mjs';
import { UsageError } from './usage.mjs';

const OPTIONS = {
  json: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  update: { type: 'boolean', default: false },
  fuel: { type: 'boolean', default: false },
  scenario: { type: 'string', multiple: true },
  peers: { type: 'string' },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  node: { type: 'string' },
  out: { type: 'string' },
};

/** The options of a timed command. */
const TIMED = ['quick', 'scenario', 'peers', 'rounds', 'json', 'node'];

/** What a command says of itself, which options it takes, and how to load it. */
const COMMANDS = {
  corpus: {
    text: 'what is measured on, held to its hashes       [--update] [--json]',
    options: ['update', 'json'],
    load: async () => (await import('./corpus/command.mjs')).corpus,
  },
  exact: {
    text: 'count executed instructions over the corpus   [--update] [--fuel] [--json]',
    options: ['update', 'fuel', 'json'],
    load: async () => (await import('./exact/command.mjs')).exact,
  },
  client: {
    text: 'CPU, start and heap against named peers       [--quick] [--scenario S2]… [--peers a,b] [--rounds n] [--json]',
    options: TIMED,
    load: async () => (await import('./client/command.mjs')).client,
  },
  parse: {
    text: 'CPU of reading heads                          [--quick] [--scenario H20]… [--peers a,b] [--rounds n] [--json]',
    options: TIMED,
    load: async () => (await import('./parse/command.mjs')).parse,
  },
  hpack: {
    text: 'CPU of decoding and encoding HPACK            [--quick] [--scenario DR]… [--peers a,b] [--rounds n] [--json]',
    options: TIMED,
    load: async () => (await import('./hpack/command.mjs')).hpack,
  },
  codings: {
    text: 'CPU of decoding gzip, brotli and zstd         [--quick] [--scenario br]… [--peers a,b] [--rounds n] [--json]',
    options: TIMED,
    load: async () => (await import('./codings/command.mjs')).codings,
  },
  report: {
    text: 'draws bench/report again from its data        [22.json 26.json, runs on other releases of Node]',
    options: [],
    takesFiles: true,
    load: async () => (await import('./reporting/draw.mjs')).draw,
  },
  compare: {
    text: 'whether two results say the same              A.json B.json',
    options: [],
    load: async () => (await import('./reporting/compare.mjs')).compare,
    takesFiles: true,
  },
  profile: {
    text: 'where our client spends its time              [--scenario S2] [--peers httpx-wasm] [--seconds n]',
    options: ['scenario', 'peers', 'seconds', 'node'],
    load: async () => (await import('./profile.mjs')).profile,
  },
};

/** Without a command. */
const EVERYTHING = {
  options: ['quick', 'rounds', 'json', 'node', 'out'],
  load: async () => (await import('./reporting/all.mjs')).all,
};

function usage() {
  const lines = Object.entries(COMMANDS).map(([name, { text }]) => `  ${name.padEnd(8)} ${text}`);
  return `usage: npm run bench -- [command] [options]\n  without one: everything, and the report [--quick] [--rounds n] [--json] [--out file]\n${lines.join('\n')}\n  the timed ones and everything take --node: a release that test/hosts has, or a path; everything then needs --out`;
}

/**
 * What was asked for: { name, command, values, files }; `name`: `undefined` for everything.
 * @throws {UsageError} for a command that is none, and an option that is not the command's
 */
function asked() {
  const given = parseArgs({ options: OPTIONS, allowPositionals: true, strict: false, tokens: true });
  const [name, ...files] = given.positionals;
  const isKnown = name === undefined || Object.hasOwn(COMMANDS, name);
  const command = name === undefined ? EVERYTHING : COMMANDS[name];
  const foreign = given.tokens.find(
    ({ kind, name: option }) => kind === 'option' && !command?.options.includes(option),
  );
  if (isKnown && foreign !== undefined) {
    const own = command.options.map((option) => `--${option}`).join(', ') || 'no options';
    throw new UsageError(`Cannot run ${name ?? 'everything'} with ${foreign.rawName}: it takes ${own}`);
  }
  if (!isKnown || (files.length > 0 && command.takesFiles !== true)) {
    throw new UsageError(`Cannot run: there is no command ${given.positionals.join(' ')}\n${usage()}`);
  }
  const options = Object.fromEntries(command.options.map((option) => [option, OPTIONS[option]]));
  const { values } = parseArgs({ options, allowPositionals: true });
  return { name, command, values, files };
}

async function main() {
  const { name, command, values, files } = asked();
  if (values.node !== undefined) {
    if (name === undefined && values.out === undefined) {
      throw new UsageError(
        'Cannot measure everything on another Node: the report is of the pinned one; give --out a file',
      );
    }
    measureOn(values.node);
  }
  // Whatever is measured is measured on the corpus that is known; only `corpus` may change it.
  if (name !== 'corpus' && name !== 'compare') heldCorpus();
  const run = await command.load();
  const data = await run(values, files);
  if (data === undefined) return;
  if (values.json) console.log(JSON.stringify(data, null, 2));
  process.exitCode = exitCodeOf(data);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof UsageError || error.code?.startsWith('ERR_PARSE_ARGS') ? error.message : error);
  process.exitCode = 2;
}
