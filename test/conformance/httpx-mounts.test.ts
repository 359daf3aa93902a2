/** The patterns and their priority in proxy.json of vectors/httpx. What a proxy is, and who names it, is not asked here. */
import { Mounts, matches, type Place, parsePattern } from '../../src/mounts.js';
import { URL } from '../../src/url.js';
import { describeFile, only, type ValueCase } from './httpx-values.js';

interface MountsCase extends ValueCase {
  readonly input: {
    readonly op: string;
    readonly pattern?: string;
    readonly mounts?: readonly (readonly [string, string])[];
    readonly urls: readonly string[];
  };
}

const placeOf = (text: string): Place => {
  const url = new URL(text);
  return url.isWeb ? url.origin : url;
};

describeFile<MountsCase>(
  'proxy',
  ({ input: { op, pattern = '', mounts = [], urls } }) => {
    if (op === 'pattern') {
      const parsed = parsePattern(pattern);
      return { matches: urls.map((url) => matches(parsed, placeOf(url))) };
    }
    const mounted = new Mounts(mounts.map(([text, name]) => [text, { name }]));
    return { selected: urls.map((url) => mounted.at(new URL(url))?.name ?? 'default'), order: mounted.patterns };
  },
  [
    {
      overruledBy: "HTTPX §24.15: a port in a pattern is the one that is connected to, the scheme's own too",
      applies: only('pattern/ac0a638363'),
    },
  ],
  undefined,
  ({ input: { op } }) => op === 'pattern' || op === 'mounts',
);
