/**
 * redirects.json, auth.json, auth_flow.json, hooks.json, lifecycle.json and cookies.json of vectors/httpx, whole, against each
 * kind of client. What is answered differently stands in httpx-flows-deviations.ts with what overrules the vector.
 */
import { describe, expect, test } from 'vitest';
import { httpxCases, withoutShared } from '../support/shared.js';
import { deviationOf, deviations } from './httpx-flows-deviations.js';
import { comparable, onLoop, onThread, playScenario, type Scenario } from './httpx-scenario.js';

const KINDS = [onLoop, onThread];
const FILES = ['redirects', 'auth', 'auth_flow', 'hooks', 'lifecycle', 'cookies'];

const used = new Set<string>();

describe.each(FILES)('%s.json', (file) => {
  const cases = httpxCases<Scenario>(file);
  // What httpx does only because Python's jar has the rules of 1994 is marked so; RFC 6265bis has its own vectors.
  const judged = (cases ?? []).filter(({ quirk }) => quirk !== 'cookiejar');

  describe.skipIf(cases === null).each(KINDS)(`$name ${cases === null ? withoutShared : ''}`, (kind) => {
    const played = judged.filter(({ input }) => input.mode !== 'async' || kind === onLoop);
    test.each(played.map((scenario) => [scenario.id, scenario] as const))('%s', async (_id, scenario) => {
      const expected = comparable(scenario.expected);
      const ours = comparable(await playScenario(scenario, kind));
      const deviation = deviationOf(scenario);
      if (deviation === null) {
        expect(ours).toEqual(expected);
        return;
      }
      used.add(deviation.overruledBy);
      const instead = deviation.ours(expected, scenario);
      expect(instead, `a deviation that deviates in nothing: ${deviation.overruledBy}`).not.toEqual(expected);
      expect(ours, deviation.overruledBy).toEqual(instead);
    });
  });
});

test.skipIf(httpxCases('redirects') === null)('every deviation is used', () => {
  expect(deviations.map(({ overruledBy }) => overruledBy).filter((line) => !used.has(line))).toEqual([]);
});
