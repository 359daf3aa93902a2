/**
 * The public HTTP/2 cases: scripts for clients, single frames, traces of another client, seeds of a fuzzer. Each is judged
 * without a list of deviations, since there is none; and every script is cut at every place in every build.
 */
import { describe, expect, test } from 'vitest';
import { BUILDS, loadCore } from '../support/core-module.js';
import { everyHttp2Split, type Http2Driver, runHttp2 } from '../support/http2-driver.js';
import { head, hello } from '../support/http2-frames.js';
import { protocolCases, withoutShared } from '../support/shared.js';
import { begin, http2Cases, inputOf, judge } from './h2-cases.js';
import { frameCases, judgeFrame } from './h2-frames.js';
import { absenceOf, replay, traces } from './h2-traces.js';

/** Scripts from this size on are cut at fewer places: what is in them, is in them thousands of times. */
const LARGE_OCTETS = 65536;
const LARGE_CUTS = 8;

/** What a seed may cost. */
const SEED_OCTETS_MAX = 16 * 1024 * 1024;

const seeds = protocolCases<{ readonly id: string; readonly bytes_b64: string }>('h2-fuzz-seeds');
const skipped = http2Cases === null ? ` ${withoutShared}` : '';

describe.skipIf(http2Cases === null)(`public HTTP/2 scripts${skipped}`, () => {
  const cases = http2Cases ?? [];

  test.each(cases)('$id', (one) => {
    const { octets, closes } = inputOf(one);
    const after = (driver: Http2Driver): void => {
      if (closes) driver.close();
    };
    const outcome = runHttp2(loadCore('release'), octets, (driver) => begin(one, driver), [], after);
    expect(judge(one, outcome)).toBeNull();
  });

  test.each(BUILDS)('each says the same however it is cut, in the %s build', { timeout: 300_000 }, (build) => {
    const own = loadCore(build);
    const release = loadCore('release');
    for (const one of cases) {
      const { octets, closes } = inputOf(one);
      const after = (driver: Http2Driver): void => {
        if (closes) driver.close();
      };
      const start = (driver: Http2Driver): void => begin(one, driver);
      const cuts = octets.length < LARGE_OCTETS ? undefined : LARGE_CUTS;
      const outcome = everyHttp2Split(own, octets, start, after, {}, cuts);
      expect(outcome, one.id).toEqual(runHttp2(release, octets, start, [], after));
    }
  });
});

describe.skipIf(frameCases === null)(`public HTTP/2 frames${skipped}`, () => {
  describe.each(BUILDS)('build %s', (build) => {
    test.each(frameCases ?? [])('$id', (one) => {
      expect(judgeFrame(loadCore(build), one)).toBeNull();
    });
  });
});

describe.skipIf(traces === null)(`public HTTP/2 traces${skipped}`, () => {
  const bound = (traces ?? []).filter((trace) => absenceOf(trace) === null);

  test.each(bound)('$id $test', (trace) => {
    for (const build of BUILDS) expect(replay(loadCore(build), trace)).toBeNull();
  });

  test('the count of traces that bind a client is as printed', () => {
    const absent = new Map<string, number>();
    for (const trace of traces ?? []) {
      const reason = absenceOf(trace);
      if (reason !== null) absent.set(reason, (absent.get(reason) ?? 0) + 1);
    }
    console.log(`HTTP/2: ${bound.length} traces replayed`);
    for (const [reason, count] of absent) console.log(`  not applicable: ${count}, ${reason}`);
    expect(bound.length).toBeGreaterThan(50);
  });
});

describe.skipIf(seeds === null)(`seeds of a fuzzer${skipped}`, () => {
  // Without its preface a seed is frames, which are given to a connection with streams open, before and behind SETTINGS.
  const inputs = (seeds ?? []).map(({ id, bytes_b64: octets }) => {
    const all = Buffer.from(octets, 'base64');
    return { id, octets: all.subarray(0, 3).toString() === 'PRI' ? all.subarray(24) : all };
  });

  test.each(BUILDS)(
    'none traps the %s build, or makes it say something else at a cut',
    { timeout: 300_000 },
    (build) => {
      const core = loadCore(build);
      const start = (driver: Http2Driver): void => {
        for (let i = 0; i < 8; i++) driver.open('POST', '/', undefined, 0);
      };
      for (const { octets } of inputs) {
        everyHttp2Split(core, Uint8Array.from(octets), start, undefined, {}, LARGE_CUTS);
        const heard = Uint8Array.from(Buffer.concat([hello(), head(1, 200), head(3, 200), octets]));
        everyHttp2Split(core, heard, start, undefined, {}, LARGE_CUTS);
        expect(core.memory.buffer.byteLength).toBeLessThan(SEED_OCTETS_MAX);
      }
    },
  );
});
