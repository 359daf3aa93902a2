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

const COMMANDS = {
  corpus: {
    text: 'what is measured on, held to its hashes       [--update] [--json]',
    load: async () => (await import('./corpus/command.mjs')).corpus,
  },
  exact: {
    text: 'count executed instructions over the corpus   [--update] [--fuel] [--json]',
    load: async () => (await import('./exact/command.mjs')).exact,
  },
  client: {
    text: 'CPU, start and heap against named peers       [--quick] [--scenario S2]… [--peers a,b] [--rounds n] [--json]',
    load: async () => (await import('./client/command.mjs')).client,
  },
  parse: {
    text: 'CPU of reading heads and decoding gzip        [--quick] [--scenario H20]… [--peers a,b] [--rounds n] [--json]',
    load: async () => (await import('./parse/command.mjs')).parse,
  },
  hpack: {
    text: 'CPU of decoding and encoding HPACK            [--quick] [--scenario DR]… [--peers a,b] [--rounds n] [--json]',
    load: async () => (await import('./hpack/command.mjs')).hpack,
  },
  codings: {
    text: 'CPU of decoding gzip, brotli and zstd         [--quick] [--scenario br]… [--peers a,b] [--rounds n] [--json]',
    load: async () => (await import('./codings/command.mjs')).codings,
  },
  report: {
    text: 'draws bench/report again from its data',
    load: async () => (await import('./reporting/draw.mjs')).draw,
  },
  compare: {
    text: 'whether two results say the same              A.json B.json',
    load: async () => (await import('./reporting/compare.mjs')).compare,
    takesFiles: true,
  },
  profile: {
    text: 'where our client spends its time              [--scenario S2] [--peers httpx-wasm] [--seconds n]',
    load: async () => (await import('./profile.mjs')).profile,
  },
};

/** Without a command. */
const loadAll = async () => (await import('./reporting/all.mjs')).all;

function usage() {
  const lines = Object.entries(COMMANDS).map(([name, { text }]) => `  ${name.padEnd(8)} ${text}`);
  return `usage: npm run bench -- [command] [options]\n  without one: everything, and the report [--quick] [--rounds n] [--json] [--out file]\n${lines.join('\n')}\n  the timed ones and everything take --node: a release that test/hosts has, or a path; everything then needs --out`;
}

async function main() {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const [name, ...files] = positionals;
  const isKnown = name === undefined || Object.hasOwn(COMMANDS, name);
  if (!isKnown || (files.length > 0 && COMMANDS[name].takesFiles !== true)) {
    throw new UsageError(`Cannot run: there is no command ${positionals.join(' ')}\n${usage()}`);
  }
  if (values.out !== undefined && name !== undefined) {
    throw new UsageError(
      'Cannot write --out: it is where everything leaves its data; a command prints its own with --json',
    );
  }
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
  const command = await (name === undefined ? loadAll : COMMANDS[name].load)();
  const data = await command(values, files);
  if (data === undefined) return;
  if (values.json) console.log(JSON.stringify(data, null, 2));
  process.exitCode = exitCodeOf(data.summaries);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof UsageError || error.code?.startsWith('ERR_PARSE_ARGS') ? error.message : error);
  process.exitCode = 2;
}
