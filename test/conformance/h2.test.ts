/**
 * The public HTTP/2 scripts for clients: each judged, with no list of deviations, since there is none; and every script cut at
 * every place in every build.
 */
import { describe, expect, test } from 'vitest';
import { BUILDS, loadCore } from '../support/core-module.js';
import { everyHttp2Split, type Http2Driver, runHttp2 } from '../support/http2-driver.js';
import { withoutShared } from '../support/shared.js';
import { begin, http2Cases, inputOf, judge } from './h2-cases.js';

/** Scripts from this size on are cut at fewer places: what is in them, is in them thousands of times. */
const LARGE_OCTETS = 65536;
const LARGE_CUTS = 8;

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
