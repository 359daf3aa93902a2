// Runs the conformance suite on every host: packs the package (which is built where it is not), installs it in an empty project
// as a user would, starts the servers, and lets each host run the same cases; the component runs on its hosts; bundlers build a
// program, which runs too. A host on which a case fails runs all once more, and what passes then is named.
// `node test/hosts/conformance.mjs [names]`; `--table` writes the tables of docs/hosts.md; `--outputFile.json=path` leaves a
// report in the form of vitest's, for .ci. The last line is `N passed, N failed, N skipped`.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { buildWhatIsStale } from './built.mjs';
import { bundlerResults, bundlers } from './bundlers.mjs';
import { chromiumResults } from './chromium.mjs';
import { closedPort } from './closed-port.mjs';
import { componentDigest, componentResults, components } from './components.mjs';
import { writeCounts } from './counts.mjs';
import { hosts } from './hosts.mjs';
import { quickjsResults } from './quickjs.mjs';
import { reportOf, tally, tell, withSecondTry } from './results.mjs';
import { writeTable } from './table.mjs';
import { workerdResults } from './workerd.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const HOST_MS = 180_000;

function run(command, words, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, words, { cwd, encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`Cannot run ${command} ${words.join(' ')}: ${error?.message ?? `${stdout}${stderr}`}`);
  return stdout;
}

/** An empty project with the packed package in it, and the suite beside. */
function installed(folder) {
  run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], root);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const quiet = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  run('npm', ['install', ...quiet, `./httpx-wasm-${version}.tgz`], folder);
  cpSync(new URL('conformance', import.meta.url), folder, { recursive: true });
  cpSync(join(root, 'examples/pipelines'), folder, { recursive: true });
  writeCounts(join(folder, 'counts'));
  const core = readFileSync(join(folder, 'node_modules/httpx-wasm/wasm/build/core.wasm'));
  return createHash('sha256').update(core).digest('hex');
}

async function startServers() {
  const script = fileURLToPath(new URL('conformance/server.mjs', import.meta.url));
  const server = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: server.stdout })) {
    return { servers: { ...JSON.parse(line), closedPort: await closedPort() }, stop: () => server.stdin.end() };
  }
  throw new Error('Cannot start the servers: they said nothing');
}

/** What a program prints, asynchronously, so that this process can serve meanwhile. */
function output(command, words, cwd) {
  return new Promise((resolve) => {
    const child = spawn(command, words, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), HOST_MS);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (text += data));
    child.on('error', (error) => (text += error.message));
    child.on('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
  });
}

async function resultsOf(host, servers, folder, digest) {
  if (host.kind === 'bundler') return bundlerResults(host, servers, folder, digest);
  if (host.kind === 'component') return componentResults(host, folder);
  if (host.kind === 'chromium') return chromiumResults(host, servers, folder);
  if (host.kind === 'quickjs') return quickjsResults(host, servers, folder);
  if (host.kind === 'workerd') return workerdResults(host, servers, folder);
  const facts = JSON.stringify({ features: host.features, without: host.without });
  const words = [...host.words, 'process-entry.mjs', JSON.stringify(servers), facts];
  const text = await output(host.command, words, folder);
  const found = /^RESULTS (.*)$/m.exec(text);
  return found === null ? [{ name: 'the suite', failed: `no results: ${text.slice(-2000)}` }] : JSON.parse(found[1]);
}

const seconds = (sinceMs) => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;

buildWhatIsStale();
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const REPORT = '--outputFile.json=';
const reportTo = process.argv.find((word) => word.startsWith(REPORT))?.slice(REPORT.length);
const wanted = (name) => words.length === 0 || words.some((word) => name.toLowerCase().includes(word.toLowerCase()));
const folder = mkdtempSync(join(tmpdir(), 'httpx-wasm-hosts-'));
const total = { passed: 0, failed: 0, skipped: 0 };
const table = [];
let stopServers = () => {};
try {
  const digest = installed(folder);
  const { servers, stop } = await startServers();
  stopServers = stop;
  const all = hosts();
  for (const host of [...all, ...components(all), ...bundlers()].filter(({ name }) => wanted(name))) {
    if (host.absent !== null) {
      console.log(`\n── ${host.name}: NOT RUN: ${host.absent}`);
      const outcome = host.mayBeAbsent ? 'skipped' : 'failed';
      table.push({ host, results: [{ name: 'the suite', [outcome]: host.absent }] });
      total[outcome]++;
      continue;
    }
    const since = performance.now();
    const results = await withSecondTry(() => resultsOf(host, servers, folder, digest));
    tell(host.name, results, ` (${seconds(since)})`);
    const counts = tally(results);
    for (const key of Object.keys(total)) total[key] += counts[key];
    table.push({ host, results });
  }
  console.log(`\ncore.wasm of all: sha256 ${digest}\nthe component: sha256 ${componentDigest()}`);
  if (reportTo !== undefined) {
    const named = table.map(({ host, results }) => ({ name: host.name, results }));
    writeFileSync(reportTo, JSON.stringify(reportOf(named)));
  }
  if (process.argv.includes('--table')) writeTable(table, { package: digest, component: componentDigest() });
} finally {
  stopServers();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
