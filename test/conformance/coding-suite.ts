/**
 * What the public cases of a content coding are held to: verdict and octets in every build; the same however the input is
 * cut; output at flush points; the cost of an octet at a time. Where the format leaves room, a decision says what must
 * come of a case.
 */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import * as abi from '../../assembly/abi.js';
import { INSTRUCTIONS, meter } from '../../wasm/meter.mjs';
import {
  type Decoded,
  type DecoderCore,
  Decoding,
  decode,
  decodersOf,
  differenceAt,
  everyOctet,
  loadDecoders,
  numbersOf,
} from '../core/coding/decoding.js';
import { BUILDS, type CoreModule, octetsOf } from '../support/core-module.js';
import { withoutShared } from '../support/shared.js';
import { type CodingCase, codingCases } from './coding-cases.js';

/** What is decided about cases with a `policy`. */
export interface Decision {
  /** Which cases it is for. */
  readonly cases: RegExp;
  /** The rule that must be broken; 0: the body is whole; `null`: the case's own verdict holds. */
  readonly rule: number | null;
  /** SECURITY.md row or RFC section that decides. */
  readonly because: string;
  /** The cases have no `policy`: their verdict is overruled. */
  readonly overrules?: true;
}

/** Inputs up to this size are cut at every place, larger ones at the ends and at seeded places. */
const EVERY_CUT_OCTETS = 4096;
const SEEDED_CUTS = 500;
const END_CUTS = 64;
/** In the builds beside release: inputs cut at every place, cuts of the larger ones, and the largest that is taken. */
const OTHER_EVERY_CUT_OCTETS = 256;
const OTHER_CUTS = 24;
const OTHER_OCTETS = 65536;
/** Content of an input that is cut at every place in those builds, and the largest content that is taken. */
const OTHER_EVERY_CUT_CONTENT = 4096;
const OTHER_CONTENT = 131072;
/** Milliseconds that a busy machine may take for all cuts. */
const PATIENCE = 300_000;
/** Instructions of an octet at a time, at most, as a multiple of those of the whole. */
const RATIO_MAX = 3;

function decisionOn(one: CodingCase, decisions: readonly Decision[]): Decision | undefined {
  const isOpen = one.expect.policy !== undefined;
  return decisions.find(({ cases, overrules }) => (isOpen || overrules === true) && cases.test(one.id));
}

/** What the case's own verdict, or the decision on it, does not agree with; `null`: nothing. */
function differenceOf(one: CodingCase, decisions: readonly Decision[], { rule, octets }: Decoded): string | null {
  const decision = decisionOn(one, decisions);
  if (decision?.rule === 0) return rule === 0 ? null : `rule ${rule}`;
  const isOk = decision === undefined || decision.rule === null ? one.expect.ok : false;
  if (isOk !== (rule === 0)) return `rule ${rule}, size ${octets.length}`;
  if (!isOk) return decision === undefined || rule === decision.rule ? null : `rule ${rule}`;
  if (octets.length !== one.expect.size) return `${octets.length} octets instead of ${one.expect.size}`;
  return createHash('sha256').update(octets).digest('hex') === one.expect.sha256 ? null : 'other octets';
}

function* cutsOf(length: number, seed: number, seeded: number, ends: number): Generator<number> {
  if (length <= 2 * ends + seeded) {
    yield* everyOctet(length);
    return;
  }
  for (let at = 1; at <= ends; at++) {
    yield at;
    yield length - at;
  }
  const next = numbersOf(seed);
  for (let i = 0; i < seeded; i++) yield 1 + next(length - 1);
}

/** Cases whose result depends on one of `cutsOf` their input. */
function dependOnCuts(core: DecoderCore, among: readonly CodingCase[], cuts: (one: CodingCase) => Iterable<number>) {
  const differences: string[] = [];
  for (const one of among) {
    const whole = decode(core, one.coding, one.input);
    for (const cut of cuts(one)) {
      const difference = differenceAt(core, one.coding, one.input, [cut], whole);
      if (difference !== null) differences.push(`${one.id} cut at ${cut}: ${difference}`);
    }
  }
  return differences;
}

/** Declares the tests of the cases in `<name>.json` against a module. */
export function testCases(name: string, module: CoreModule, decisions: readonly Decision[]): void {
  const found = codingCases(name);
  const cases = found ?? [];

  describe.skipIf(found === null)(`public cases of ${name} ${found === null ? withoutShared : ''}`, () => {
    const release = loadDecoders('release', module);
    const contents = new Map(cases.map((one) => [one, decode(release, one.coding, one.input).octets.length]));
    const contentOf = (one: CodingCase): number => contents.get(one) ?? 0;

    describe.each(BUILDS)('build %s', (build) => {
      const core = build === 'release' ? release : loadDecoders(build, module);

      test('each case ends as it says, or as is decided', () => {
        const differences = cases.flatMap((one) => {
          const difference = differenceOf(one, decisions, decode(core, one.coding, one.input));
          return difference === null ? [] : [`${one.id}: ${difference}`];
        });
        expect(differences).toEqual([]);
        console.log(`${name}: ${cases.length} cases judged, 0 deviations`);
      });

      const isRelease = build === 'release';
      const among = cases.filter(
        (one) => isRelease || (one.input.length <= OTHER_OCTETS && contentOf(one) <= OTHER_CONTENT),
      );

      test('an octet at a time gives what the whole gives', { timeout: PATIENCE }, () => {
        const differences = among.flatMap(({ id, coding, input }) => {
          const whole = decode(core, coding, input);
          const difference = differenceAt(core, coding, input, everyOctet(input.length), whole);
          return difference === null ? [] : [`${id}: ${difference}`];
        });
        expect(differences).toEqual([]);
      });

      test('two pieces give what the whole gives', { timeout: PATIENCE }, () => {
        const cuts = (one: CodingCase): Iterable<number> => {
          const { length } = one.input;
          const every = isRelease
            ? EVERY_CUT_OCTETS
            : contentOf(one) > OTHER_EVERY_CUT_CONTENT
              ? 0
              : OTHER_EVERY_CUT_OCTETS;
          if (length <= every) return everyOctet(length);
          return cutsOf(length, length, isRelease ? SEEDED_CUTS : OTHER_CUTS, isRelease ? END_CUTS : 4);
        };
        expect(dependOnCuts(core, among, cuts)).toEqual([]);
      });

      test('what was flushed comes out', () => {
        for (const { id, coding, input, flushPoints } of cases) {
          let made = 0;
          const decoding = new Decoding(core, coding, ({ length }) => {
            made += length;
            return true;
          });
          let from = 0;
          for (const [inputOctets, octets] of flushPoints) {
            decoding.feed(input, from, inputOctets);
            from = inputOctets;
            expect(made, `${id} after ${inputOctets} octets`).toBeGreaterThanOrEqual(octets);
          }
          decoding.end();
        }
      });

      test('nothing stays allocated, and no call makes more than it may', () => {
        const most = cases.map(({ coding, input }) => decode(core, coding, input).mostPerCall);
        expect(Math.max(...most)).toBeLessThanOrEqual(abi.DECODED_OCTETS_PER_CALL);
        expect(core.liveOctets()).toBe(0);
      });
    });

    test('each decision is for some case it may be for, and each case with a policy has one', () => {
      const open = cases.filter(({ expect: { policy } }) => policy !== undefined);
      expect(open.filter((one) => decisionOn(one, decisions) === undefined)).toEqual([]);
      expect(decisions.filter((decision) => !cases.some((one) => decisionOn(one, decisions) === decision))).toEqual([]);
    });

    test('what is overruled is not what the case says anyway', () => {
      const overruled = cases.filter((one) => decisionOn(one, decisions)?.overrules === true);
      const idle = overruled.filter((one) => differenceOf(one, [], decode(release, one.coding, one.input)) === null);
      expect(idle).toEqual([]);
    });

    test(`an octet at a time takes at most ${RATIO_MAX} times the instructions of the whole`, {
      timeout: PATIENCE,
    }, () => {
      const core = decodersOf(meter(octetsOf('release', module)));
      const counter = (core as DecoderCore & Record<string, WebAssembly.Global>)[INSTRUCTIONS] as WebAssembly.Global;
      const costOf = (cuts: (length: number) => Iterable<number>): number => {
        counter.value = 0n;
        for (const { coding, input } of cases) {
          const decoding = new Decoding(core, coding, () => true);
          let from = 0;
          for (const cut of cuts(input.length)) {
            if (!decoding.feed(input, from, cut)) break;
            from = cut;
          }
          decoding.feed(input, from, input.length);
          decoding.end();
        }
        return Number(counter.value);
      };
      const whole = costOf(() => []);
      const cut = costOf(everyOctet);
      console.log(`${cases.length} inputs: whole ${whole}, octet by octet ${cut}: ${(cut / whole).toFixed(2)} times`);
      expect(cut / whole).toBeLessThanOrEqual(RATIO_MAX);
    });
  });
}
