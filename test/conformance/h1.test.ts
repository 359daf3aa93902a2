/**
 * The public HTTP/1.1 cases: each judged, the differences held against the list of deviations, and every input cut at every
 * place in every build. The list may only say what is true: a listed case that passes fails here, as an unlisted
 * difference does.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { everySplit } from '../support/core-connection.js';
import { BUILDS, loadCore } from '../support/core-module.js';
import { allCases, isPresent, type Judged } from './h1-cases.js';

interface Deviation {
  readonly file: string;
  /** What the core does, and the case does not expect. */
  readonly verdict: string;
  /** One sentence of an RFC, or a row of SECURITY.md. */
  readonly cites: string;
}

const deviations: Record<string, Deviation> = JSON.parse(
  readFileSync(new URL('./h1-deviations.json', import.meta.url), 'utf8'),
);

/** Inputs from this size on are cut at fewer places outside the release build: the debug build takes long over them. */
const LARGE_OCTETS = 65536;
const LARGE_CUTS = 8;

const missing = isPresent ? '' : ' (skipped: ../shared/vectors is not there; set HTTPX_WASM_SHARED)';

describe.skipIf(!isPresent)(`public HTTP/1.1 cases${missing}`, () => {
  const cases = isPresent ? allCases() : [];
  const judged = cases.filter((one): one is Judged => 'judge' in one);
  const core = loadCore('release');
  const differences = new Map(
    judged.flatMap((one) => {
      const difference = one.judge(core);
      return difference === null ? [] : [[one.id, difference] as const];
    }),
  );

  test('no case differs that is not listed', () => {
    const unlisted = [...differences].filter(([id]) => deviations[id] === undefined);
    expect(unlisted).toEqual([]);
  });

  test('a listed case differs as the list says', () => {
    const found = [...differences].filter(([id]) => id in deviations);
    expect(found.filter(([id, difference]) => deviations[id]?.verdict !== difference)).toEqual([]);
  });

  test('no case is listed that does not differ', () => {
    const ids = new Set(judged.map(({ id }) => id));
    expect(Object.keys(deviations).filter((id) => ids.has(id) && !differences.has(id))).toEqual([]);
    expect(Object.keys(deviations).filter((id) => !ids.has(id))).toEqual([]);
  });

  test('what must be refused or accepted is not on the list', () => {
    expect(judged.filter(({ id, isBinding }) => isBinding && id in deviations)).toEqual([]);
  });

  test('each deviation cites what it rests on', () => {
    const bare = Object.entries(deviations).filter(
      ([, { cites }]) => !/^(RFC \d{4} §[\d.]+: .+|SECURITY\.md \d\.\d+)/.test(cites),
    );
    expect(bare).toEqual([]);
  });

  test('the count of cases and deviations is as printed', () => {
    const reasons = new Map<string, number>();
    for (const one of cases)
      if (!('judge' in one))
        reasons.set(`${one.file}: ${one.reason}`, (reasons.get(`${one.file}: ${one.reason}`) ?? 0) + 1);
    console.log(`HTTP/1.1: ${judged.length} cases judged, ${Object.keys(deviations).length} deviations`);
    for (const [reason, count] of reasons) console.log(`  not applicable: ${count} of ${reason}`);
    expect(judged.length + [...reasons.values()].reduce((a, b) => a + b, 0)).toBe(cases.length);
  });

  describe.each(BUILDS)('build %s', (build) => {
    test('every input gives one log however it is cut, and the log of the release build', { timeout: 300_000 }, () => {
      const own = loadCore(build);
      for (const { id, input, exchange } of judged) {
        const cuts = build !== 'release' && input.length >= LARGE_OCTETS ? LARGE_CUTS : undefined;
        const outcome = everySplit(own, input, exchange, cuts);
        if (build !== 'release') expect(outcome, id).toEqual(everySplit(core, input, exchange, 0));
      }
    });
  });
});
