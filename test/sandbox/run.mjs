// Makes the components of examples/sandbox and tries them on their hosts: Node.js through jco, Python through wasmtime.
// Each host drives the same steps against a server here; what it answers, and what the server saw, is checked. `node
// run.mjs [names]` fails, too, if nothing of what is named could be run; a table of it is written into docs/sandbox.md by
// `--table`; `--outputFile.json=path` leaves a report in the form of vitest's, for .ci. The last line is `N passed, N failed,
// N skipped`.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closedPort } from '../hosts/closed-port.mjs';
import { installedReleases } from '../hosts/releases.mjs';
import { reportOf, tally, tell, withSecondTry } from '../hosts/results.mjs';
import { WASMTIME } from '../hosts/wasmtime.mjs';
import { casesOf, deniedCases } from './cases.mjs';
import { startServer } from './server.mjs';
import { writeTable } from './table.mjs';

const MINUTE_MS = 60_000;
/** What one host may take for one component: compiling it is most of that. */
const RUN_MS = 5 * MINUTE_MS;
const WORLDS = ['over-transport', 'over-sockets', 'over-http'];
/** A module with a global of 1 + 1: such constants, which jco's adapters have, are known to Node.js 22 and later. */
const SUM = '[0,97,115,109,1,0,0,0,6,9,1,127,0,65,1,65,1,106,11]';
/** Prints what a Node.js lacks, by world; `over-transport` asks for more. */
const LACKING = `
  const [hasSum, hasJspi] = [WebAssembly.validate(Uint8Array.from(${SUM})), 'Suspending' in WebAssembly];
  const words = hasSum ? {} : { 'over-sockets': 'no Node.js of 22 or later', 'over-http': 'no Node.js of 22 or later' };
  console.log('LACKING ' + JSON.stringify(hasJspi ? words : { ...words, 'over-transport': 'no Node.js with JSPI' }));`;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const example = here('../../examples/sandbox/');

/** `{ status, text }` of a program; status `null`: it was not there, or took too long. */
function outcomeOf(command, words, { cwd, timeoutMs = RUN_MS } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, words, { cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), timeoutMs);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (said) => (text += said));
    child.on('error', (error) => (text += error.message));
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve({ status, text });
    });
  });
}

/** What makes the components, and why it cannot be had; `null`: it can. */
async function toolsAbsent() {
  if (existsSync(join(example, 'node_modules/componentize-qjs'))) return null;
  const { status } = await outcomeOf('npm', ['ci', '--prefix', example, '--ignore-scripts', '--no-audit', '--no-fund']);
  return status === 0 ? null : 'npm cannot install componentize-qjs';
}

/** The releases that test/hosts pins, where they are installed. */
function releases() {
  try {
    return installedReleases().map(({ path }) => path);
  } catch {
    return [];
  }
}

/** What a Node.js lacks; `null`: it does not run here. */
async function lackingOf(path) {
  const [, lacking = 'null'] = /^LACKING (.*)$/m.exec((await outcomeOf(path, ['-e', LACKING])).text) ?? [];
  return JSON.parse(lacking);
}

/** `{ path, lacking }` of the first that lacks nothing of those that test/hosts has, or else of the one that runs this. */
async function nodeFound() {
  for (const path of releases()) {
    const lacking = await lackingOf(path);
    if (lacking !== null && Object.keys(lacking).length === 0) return { path, lacking };
  }
  return { path: process.execPath, lacking: await lackingOf(process.execPath) };
}

/** A Python with wasmtime, installed into the folder. */
async function python(folder) {
  const path = join(folder, 'venv/bin/python');
  const made = await outcomeOf('python3', ['-m', 'venv', join(folder, 'venv')]);
  if (made.status !== 0) return { absent: 'there is no python3 that makes environments' };
  const words = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', WASMTIME];
  if ((await outcomeOf(path, words)).status !== 0) return { absent: `pip cannot install ${WASMTIME}` };
  return { path };
}

async function hosts(folder) {
  const node = await nodeFound();
  const version = (await outcomeOf(node.path, ['--version'])).text.trim().slice(1);
  const { path, absent = null } = await python(folder);
  return [
    {
      name: `jco, Node.js ${version}`,
      denied: [],
      absent: null,
      lacking: node.lacking,
      words: (world, component, steps) => [
        node.path,
        here('drive.mjs'),
        world,
        component,
        join(folder, `jco-${world}`),
        steps,
      ],
    },
    {
      name: 'wasmtime, Python',
      absent,
      lacking: {},
      // Its WasiConfig lets nobody say that TCP is allowed.
      denied: ['over-sockets'],
      words: (world, component, steps) => [path, here('drive.py'), world, component, steps],
    },
  ];
}

/** Lets a host drive the cases of a world: `{ startMs, results }`. */
async function outcomesOf(host, world, folder) {
  const server = await startServer();
  try {
    const all = host.denied.includes(world) ? deniedCases(server) : casesOf(server, await closedPort());
    const cases = all.filter(({ worlds = WORLDS }) => worlds.includes(world));
    const steps = join(folder, 'steps.json');
    writeFileSync(steps, JSON.stringify(cases.flatMap((one) => one.steps)));
    const [command, ...words] = host.words(world, join(folder, `${world}.wasm`), steps);
    const { text } = await outcomeOf(command, words);
    const found = /^RESULTS (.*)$/m.exec(text);
    if (found === null) return { results: [{ name: 'the run', failed: `no results: ${text.slice(-2000)}` }] };
    const { startMs, outcomes } = JSON.parse(found[1]);
    const results = cases.map(({ name, steps: own, check }) => {
      try {
        check(outcomes.splice(0, own.length));
        return { name, passed: true };
      } catch (error) {
        return { name, failed: error.message };
      }
    });
    return { startMs, results };
  } finally {
    server.stop();
  }
}

/** What came of a world on a host, and how long the host took to start it. */
async function resultsOf(host, world, folder) {
  let startMs;
  const results = await withSecondTry(async () => {
    const outcome = await outcomesOf(host, world, folder);
    startMs = outcome.startMs;
    return outcome.results;
  });
  return { startMs, results };
}

/** What can be said of the example where nothing can be installed for it. */
function lockResult() {
  const name = 'the lock file: it names no registry';
  const isRight = !readFileSync(join(example, 'package-lock.json'), 'utf8').includes('"resolved"');
  return {
    name: 'the example',
    results: [isRight ? { name, passed: true } : { name, failed: 'it has "resolved" in it' }],
  };
}

/** Every host and world: what came of it. */
async function tableOf(folder) {
  const skipped = (name, reason) => ({ name, results: [{ name: 'the sandbox', skipped: reason }] });
  const absent = await toolsAbsent();
  if (absent !== null) return [lockResult(), skipped('all hosts', absent)];
  const built = await outcomeOf(process.execPath, [join(example, 'build.mjs'), folder], { timeoutMs: 5 * MINUTE_MS });
  if (built.status !== 0) {
    return [{ name: 'all hosts', results: [{ name: 'the components', failed: built.text.slice(-2000) }] }];
  }
  const table = [lockResult()];
  for (const host of (await hosts(folder)).filter(({ name }) => isWanted(name))) {
    if (host.absent !== null) {
      table.push(skipped(host.name, host.absent));
      continue;
    }
    for (const world of WORLDS.filter(isWanted)) {
      if (host.lacking[world] !== undefined) {
        table.push(skipped(`${host.name}, ${world}`, `${host.lacking[world]} is installed`));
        continue;
      }
      const { size } = statSync(join(folder, `${world}.wasm`));
      table.push({
        name: `${host.name}, ${world}`,
        host: host.name,
        world,
        size,
        ...(await resultsOf(host, world, folder)),
      });
      tell(table.at(-1).name, table.at(-1).results);
    }
  }
  return table;
}

const chosen = process.argv.slice(2).filter((word) => !word.startsWith('--'));
/** Words on the command line choose hosts and worlds. */
const isWanted = (name) => {
  const own = chosen.filter((word) => WORLDS.includes(word) === WORLDS.includes(name));
  return own.length === 0 || own.some((word) => name.toLowerCase().includes(word.toLowerCase()));
};

const REPORT = '--outputFile.json=';
const reportTo = process.argv.find((word) => word.startsWith(REPORT))?.slice(REPORT.length);
const folder = mkdtempSync(join(tmpdir(), 'httpx-wasm-sandbox-'));
let table = [];
try {
  mkdirSync(folder, { recursive: true });
  table = await tableOf(folder);
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
for (const { name, world, results } of table) if (world === undefined) tell(name, results);
if (reportTo !== undefined) {
  const named = table.map(({ name, results }) => ({ name: `sandbox, ${name}`, results }));
  writeFileSync(reportTo, JSON.stringify(reportOf(named)));
}
if (process.argv.includes('--table')) writeTable(table);
// What was asked for by name and could not be had is no success.
const isMissed = chosen.length > 0 && table.every(({ world }) => world === undefined);
if (isMissed) console.log(`nothing of "${chosen.join(' ')}" was run`);
const { passed, failed, skipped } = tally(table.flatMap(({ results }) => results));
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 && !isMissed ? 0 : 1;
