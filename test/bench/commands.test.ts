/** The commands of the benchmarks: which words each takes, what is refused before anything is measured, and exit codes. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { ROOT } from '../source-syntax.js';

interface Session {
  measured(layer: Record<string, unknown>, options: { readonly json: boolean }): Promise<unknown>;
}
interface Figures {
  exitCodeOf(data: unknown): number;
}

const { measured }: Session = await import(join(ROOT, 'bench/session.mjs'));
const { exitCodeOf }: Figures = await import(join(ROOT, 'bench/figures.mjs'));

const run = (words: readonly string[], env: NodeJS.ProcessEnv = process.env) =>
  spawnSync(process.execPath, [join(ROOT, 'bench/run.mjs'), ...words], { encoding: 'utf8', env });

test.each([
  ['exact --quick', 'Cannot run exact with --quick: it takes --update, --fuel, --json'],
  ['exact --node 22', 'Cannot run exact with --node: it takes --update, --fuel, --json'],
  ['corpus --fuel', 'Cannot run corpus with --fuel: it takes --update, --json'],
  [
    'client --update',
    'Cannot run client with --update: it takes --quick, --scenario, --peers, --rounds, --json, --node',
  ],
  [
    'hpack --nonsense',
    'Cannot run hpack with --nonsense: it takes --quick, --scenario, --peers, --rounds, --json, --node',
  ],
  [
    'parse --out x.json',
    'Cannot run parse with --out: it takes --quick, --scenario, --peers, --rounds, --json, --node',
  ],
  ['codings --seconds 3', 'Cannot run codings with --seconds: it takes --quick, --scenario, --peers, --rounds, --json'],
  ['report --json', 'Cannot run report with --json: it takes no options'],
  ['compare a b --json', 'Cannot run compare with --json: it takes no options'],
  ['profile --rounds 3', 'Cannot run profile with --rounds: it takes --scenario, --peers, --seconds, --node'],
  ['--scenario S1', 'Cannot run everything with --scenario: it takes --quick, --rounds, --json, --node, --out'],
  ['nothing', 'Cannot run: there is no command nothing'],
  ['parse H20', 'Cannot run: there is no command parse H20'],
  ['parse --rounds', "Option '--rounds <value>' argument missing"],
  ['parse --node 0', 'Cannot measure on Node 0: no '],
  ['--node 22', 'the report is of the pinned one; give --out a file'],
])('"%s" is refused before anything is measured', (words, message) => {
  const { status, stderr } = run(words.split(' '));
  expect(stderr).toContain(message);
  expect(status).toBe(2);
});

test('what has no profile is refused before anything is measured', () => {
  const asked = [
    { scenario: ['S2-Bun'] },
    { scenario: ['C1'] },
    { scenario: ['S9'] },
    { scenario: ['S1', 'S2'] },
    { scenario: ['S1'], peers: 'node:http2' },
    { seconds: 'none' },
  ];
  const program = `
    const { profile } = await import(${JSON.stringify(pathToFileURL(join(ROOT, 'bench/profile.mjs')))});
    for (const one of ${JSON.stringify(asked)}) await profile(one).catch(({ message }) => console.log(message));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  expect(stdout.trimEnd().split('\n')).toEqual([
    'Cannot profile S2-Bun: Bun writes no profile',
    'Cannot profile C1: it has no window of requests',
    'Cannot profile S9: it has no window of requests',
    'Cannot profile S1 and S2: one scenario at a time',
    expect.stringMatching(/^Cannot profile node:http2 in S1: there are raw, httpx-wasm, undici.request, node:http/),
    'Cannot profile for none seconds',
  ]);
});

test('exact --fuel is refused where there is no wasmtime to ask, and counts nothing', () => {
  const { status, stdout, stderr } = run(['exact', '--fuel'], { ...process.env, PATH: '' });
  expect(stderr).toContain('Cannot check the fuel: python3 has no wasmtime');
  expect(stdout).toBe('');
  expect(status).toBe(2);
});

test('a run in which nobody can take part is refused with the reasons', async () => {
  const skipped = { picohttpparser: 'cargo cannot be run (ENOENT)' };
  const layer = { machine: { load: 0 }, rounds: 1, skipped, items: [], secondsOf: () => 0 };
  const error = vi.spyOn(console, 'error').mockReturnValue(undefined);
  await expect(measured(layer, { json: true })).rejects.toMatchObject({
    name: 'UsageError',
    message:
      'Cannot measure: nobody who was asked for can take part in it: picohttpparser: cargo cannot be run (ENOENT)',
  });
  expect(error).toHaveBeenCalledWith('SKIPPED: picohttpparser: cargo cannot be run (ENOENT)');
  error.mockRestore();
});

test('the short run keeps ours, the floor and who a ratio of its own is formed to', async () => {
  const { peersOf } = await import(join(ROOT, 'bench/client/plan.mjs'));
  const { PEERS, scenarioOf } = await import(join(ROOT, 'bench/client/scenarios.mjs'));
  const chosen = [...PEERS.keys()];
  const quick = (name: string) => peersOf(scenarioOf(name), { chosen, quick: true, asked: false });
  expect(quick('S1')).toEqual(['raw', 'httpx-wasm', 'undici.request', 'fetch']);
  expect(quick('S8g')).toEqual(['raw', 'httpx-wasm', 'undici.request']);
  expect(quick('S7')).toEqual(['raw h2', 'httpx-wasm', 'node:http2', 'undici h2']);
  expect(quick('S2-Bun')).toEqual(['httpx-wasm', 'fetch']);
  expect(peersOf(scenarioOf('S8g'), { chosen, quick: true, asked: true })).toContain('got');
});

describe('the exit code', () => {
  const summary = (...passes: readonly (boolean | null)[]) => ({ targets: passes.map((pass) => ({ pass })) });

  test.each([
    ['0 if every target is met', { summaries: [summary(true), summary(true, true)] }, 0],
    ['0 if there is no target', { summaries: [summary()] }, 0],
    ['0 if one could not be measured', { summaries: [summary(null, true)] }, 0],
    ['1 if one is missed', { summaries: [summary(true), summary(true, false)] }, 1],
    ['0 if the golden table holds', { summaries: [summary(true)], exact: { worse: [] } }, 0],
    ['1 if the golden table does not hold', { summaries: [summary(true)], exact: { worse: ['head: 1 → 2'] } }, 1],
  ])('is %s', (_what, data, code) => {
    expect(exitCodeOf(data)).toBe(code);
  });
});
