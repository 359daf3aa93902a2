// The steps of .ci/run, in order. Each counts as one test, a run of the suite as all its tests. What a step needs and a
// step before it did not make (the install, the releases of Node) fails it with that as the reason.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WASMTIME } from '../test/hosts/wasmtime.mjs';
import { runCommand } from './command.mjs';
import { checkPackage } from './package.mjs';
import { countInputs, countReport, judgeSkips, sharedFolder } from './report.mjs';

const MINUTE_MS = 60_000;
/** How many times the usual inputs the decoders are fuzzed with here, and how many that must come to (issue 4). */
const FUZZ_TIMES = 3;
const FUZZ_INPUTS_MIN = 100_000;
/** What fails is tried once more, and named if it passes then; more such tests than this in one run fail the run. */
const SECOND_TRIES_MAX = 3;
/** How much of what a command said last is told again at the end, if it failed. */
const OUTPUT_CHARACTERS_KEPT = 1000;
const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'httpx-wasm-ci-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

const env = {
  NO_COLOR: '1',
  npm_config_fund: 'false',
  npm_config_audit: 'false',
  npm_config_update_notifier: 'false',
};
// npm keeps its cache below HOME; a HOME that cannot be written to must not matter.
if (!existsSync(process.env.HOME ?? '')) env.npm_config_cache = join(scratch, 'npm-cache');

const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts', '--retry=1'];
const total = { passed: 0, failed: 0, retried: 0 };
const lines = [];
const startedAt = performance.now();
const seconds = (sinceMs) => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;

/** Counts what came of a step and says it, with its `notes`, now and at the end. */
function record(title, { passed, failed, skipped = 0, retried = 0, notes = [] }, since) {
  total.passed += passed;
  total.failed += failed;
  total.retried += retried;
  const skips = skipped > 0 ? `, ${skipped} skipped` : '';
  const tries = retried > 0 ? `, ${retried} OF THEM AT A SECOND TRY` : '';
  const said = [
    `${failed === 0 ? '✓' : '✗'} ${title}: ${passed} passed${tries}, ${failed} failed${skips} (${seconds(since)})`,
    ...notes.map((note) => `    ${note}`),
  ];
  lines.push(...said);
  console.log(said.join('\n'));
}

/**
 * Runs a command as one test; `folders`: where its programs are looked for first; `tries`: 2 for what depends on the network,
 * or on how busy the machine is. Answers whether it passed.
 */
async function step(title, command, words, settings = {}) {
  const { minutes = 5, nodePath = process.execPath, folders = [], tries = 1 } = settings;
  const since = performance.now();
  console.log(`\n━━ ${title}`);
  const options = {
    cwd: root,
    env: { ...env, PATH: [...folders, dirname(nodePath), process.env.PATH].join(delimiter) },
    timeoutMs: minutes * MINUTE_MS,
  };
  const notes = [];
  for (let tried = 1; tried <= tries; tried++) {
    const { status, output } = await runCommand(command, words, options);
    if (status === 0) {
      record(title, { passed: 1, failed: 0, retried: tried - 1, notes }, since);
      return true;
    }
    notes.push(`STATUS ${status}: ${output.slice(-OUTPUT_CHARACTERS_KEPT).trim()}`);
  }
  record(title, { passed: 0, failed: 1, notes }, since);
  return false;
}

/** Runs the suite, or a part of it, on one release of Node and counts its tests. Answers where its report is. */
async function suite(title, command, words, nodePath, environment = {}, minutes = 15) {
  const since = performance.now();
  const report = join(scratch, `report-${lines.length}.json`);
  console.log(`\n━━ ${title}`);
  const { status, output } = await runCommand(
    command,
    [...words, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    {
      cwd: root,
      env: {
        ...env,
        ...environment,
        PATH: `${dirname(nodePath)}${delimiter}${process.env.PATH}`,
      },
      timeoutMs: minutes * MINUTE_MS,
    },
  );
  const counts = countReport(report, status);
  if (!existsSync(report)) counts.notes.push(`STATUS ${status}: ${output.slice(-OUTPUT_CHARACTERS_KEPT).trim()}`);
  record(title, counts, since);
  return report;
}

/** Whether packages of Debian can be installed here. */
async function canInstall() {
  const probe = ['-qq', 'install', '--simulate', '--no-install-recommends', 'nginx-light'];
  const quiet = { cwd: root, timeoutMs: 2 * MINUTE_MS, quiet: true };
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false;
  // Without that mode lists that could not be fetched are a warning, and what they name cannot be had.
  const update = ['-qq', '-o', 'APT::Update::Error-Mode=any', 'update'];
  if ((await runCommand('apt-get', update, quiet)).status !== 0) return false;
  return (await runCommand('apt-get', probe, quiet)).status === 0;
}

/** Runs the tests against real servers; first installs these, as root on a Debian whose packages can be had. */
async function interop(reachesDebian) {
  const script = join(sharedFolder, 'interop/install.sh');
  if (reachesDebian && existsSync(script))
    await step('the servers to test against', 'bash', [script], { minutes: 10, tries: 2 });
  else console.log('\n━━ servers are not installed here: those that are missing are skipped');
  const words = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/interop/vitest.config.ts'];
  await suite('against real servers', process.execPath, words, process.execPath, {}, 15);
}

/** Drives SDKs in use through `AsyncClient.fetch`: they must compile with it, and work. */
async function sdks({ version, path }) {
  if (!(await step('the SDKs', 'npm', ['ci', '--prefix', 'test/sdks', '--ignore-scripts'], { tries: 2 }))) return;
  await step('the SDKs take our fetch by its type', process.execPath, [
    'node_modules/typescript/bin/tsc',
    '--noEmit',
    '-p',
    'test/sdks',
  ]);
  const words = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/sdks/vitest.config.ts'];
  await suite(`SDKs through AsyncClient.fetch, Node ${version}`, path, words, path);
}

/** Fuzzes the decoders against the references of a release that has them all: gzip, brotli and, from Node 24 on, zstd. */
async function fuzz({ version, path }) {
  const files = ['fuzz', 'brotli-fuzz', 'zstd-fuzz'].map((name) => `test/core/coding/${name}.test.ts`);
  const title = `the decoders fuzzed, Node ${version}`;
  const environment = { HTTPX_WASM_FUZZ: String(FUZZ_TIMES) };
  const since = performance.now();
  const inputs = countInputs(await suite(title, path, [...vitest, ...files], path, environment));
  const isEnough = inputs >= FUZZ_INPUTS_MIN;
  const what = `${inputs.toLocaleString('en-US')} inputs decoded, at least ${FUZZ_INPUTS_MIN.toLocaleString('en-US')}`;
  record(what, { passed: isEnough ? 1 : 0, failed: isEnough ? 0 : 1 }, since);
}

/** Prints how many cases of the public suites we judge otherwise than they do; each must cite why. */
function countDeviations() {
  const since = performance.now();
  const folder = join(root, 'test/conformance');
  const lists = readdirSync(folder).filter((name) => name.endsWith('deviations.json'));
  let uncited = 0;
  for (const name of lists) {
    const entries = Object.entries(JSON.parse(readFileSync(join(folder, name), 'utf8')));
    const bare = entries.filter(([, { cites }]) => !/(RFC \d+ §|SECURITY)/.test(cites ?? '')).map(([id]) => id);
    uncited += bare.length;
    console.log(
      `\n━━ ${name}: ${entries.length} deviations${bare.length > 0 ? `; WITHOUT A SOURCE: ${bare.join(', ')}` : ''}`,
    );
  }
  const isRight = lists.length > 0 && uncited === 0;
  record('the deviations cite their source', { passed: isRight ? 1 : 0, failed: isRight ? 0 : 1 }, since);
}

/** Where a python3 with wasmtime is, installed for this run: { folder }; or { absent } why there is none. */
async function wasmtimePython() {
  const folder = join(scratch, 'wasmtime');
  const quiet = { cwd: root, timeoutMs: 5 * MINUTE_MS, quiet: true };
  const made = await runCommand('python3', ['-m', 'venv', folder], quiet);
  if (made.status !== 0) return { absent: 'there is no python3 that makes environments' };
  const words = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', WASMTIME];
  const installed = await runCommand(join(folder, 'bin/python3'), words, quiet);
  return installed.status === 0 ? { folder: join(folder, 'bin') } : { absent: `pip cannot install ${WASMTIME}` };
}

/** Holds the counted instructions to the golden table, and to what wasmtime counts where it can be had. */
async function counts() {
  const title = 'npm run bench -- exact';
  const words = ['run', 'bench', '--', 'exact'];
  const { folder, absent } = await wasmtimePython();
  if (absent === undefined) {
    await step(`${title} --fuel`, 'npm', [...words, '--fuel'], { minutes: 10, folders: [folder] });
    return;
  }
  await step(title, 'npm', words);
  const since = performance.now();
  const notes = judgeSkips([`${title} --fuel (skipped: ${absent})`]).map(
    (what) => `NOT ALLOWED TO BE SKIPPED: ${what}`,
  );
  record(`${title} --fuel`, { passed: 0, failed: notes.length, skipped: 1, notes }, since);
}

async function main() {
  if (!(await step('npm ci', 'npm', ['ci'], { minutes: 10, tries: 2 }))) return;
  await suite(`npm test, Node ${process.versions.node}`, 'npm', ['test', '--', '--retry=1'], process.execPath);
  await step('npm run check', 'npm', ['run', 'check']);
  await step('npm run docs', 'npm', ['run', 'docs'], { tries: 2 });
  countDeviations();
  const reachesDebian = await canInstall();
  await interop(reachesDebian);
  await step('the core, built twice: equal octets', process.execPath, ['wasm/build.mjs', '--twice']);
  await step('the component, built twice: equal octets', process.execPath, ['wasm/component.mjs', '--twice']);
  await counts();

  const install = ['ci', '--prefix', 'test/hosts', '--ignore-scripts'];
  let releases = [];
  if (await step('the pinned hosts', 'npm', install, { minutes: 10, tries: 2 })) {
    const { installedReleases } = await import('../test/hosts/releases.mjs');
    releases = installedReleases();
    const words = ['-qq', '-y', 'install', '--no-install-recommends', 'chromium'];
    if (reachesDebian) await step('a browser', 'apt-get', words, { minutes: 10, tries: 2 });
    await suite('every host', process.execPath, ['test/hosts/conformance.mjs'], process.execPath, {}, 45);
    await suite('the client in a sandbox', process.execPath, ['test/sandbox/run.mjs'], process.execPath, {}, 30);
  }
  for (const { version, path } of releases) {
    if (version !== process.versions.node) await suite(`the suite, Node ${version}`, path, vitest, path);
  }
  const withZstd = releases.find(({ major }) => major >= 24);
  if (withZstd === undefined) {
    record('the decoders fuzzed: no release with zstd is installed', { passed: 0, failed: 1 }, startedAt);
  } else {
    await fuzz(withZstd);
    await sdks(withZstd);
  }
  for (const { version, path } of new Set([releases.at(0), releases.at(-1)].filter(Boolean))) {
    const titled = (what) => `${what}, Node ${version}`;
    await step(titled('npm run demo'), 'npm', ['run', 'demo'], { nodePath: path, tries: 2 });
    const since = performance.now();
    console.log(`\n━━ ${titled('the packed package')}`);
    record(titled('the packed package'), await checkPackage({ root, scratch, env, nodePath: path }), since);
  }
  const { retried } = total;
  if (retried > SECOND_TRIES_MAX) record(`${retried} tests needed a second try`, { passed: 0, failed: 1 }, startedAt);
}

try {
  await main();
} catch (error) {
  total.failed += 1;
  lines.push(`✗ the steps themselves: ${error.stack}`);
}
console.log(`\n━━ all, in ${seconds(startedAt)}\n${lines.join('\n')}`);
process.exitCode = total.failed === 0 ? 0 : 1;
console.log(`${total.passed} passed, ${total.failed} failed`);
