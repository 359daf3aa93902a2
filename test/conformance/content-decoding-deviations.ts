/**
 * Where this client answers content_decoding.json differently: what overrules the vector, which cases it concerns, and what
 * is expected in their place. The runner fails on a difference that is not here, and on one here that is none.
 */

export interface Outcome {
  readonly read:
    | { readonly content_b64: string; readonly num_bytes_downloaded: number }
    | { readonly $error: { readonly type: string; readonly module: string } };
  readonly iter_raw_b64: string;
  /** What came piece by piece, up to the error if there was one. */
  readonly decoded_before_error_b64: string;
}

export interface DecodingCase {
  readonly id: string;
  readonly note?: string;
  readonly quirk?: string;
  readonly input: { readonly content_encoding: readonly string[]; readonly chunks_b64: readonly string[] };
  readonly expected: Outcome;
}

export interface Deviation {
  readonly overruledBy: string;
  /** Ends of the ids that it is for, and what is decoded in each; `null`: as much as httpx decodes. */
  readonly cases: Readonly<Record<string, string | null>>;
  /** Whether the body is whole. */
  readonly isWhole: boolean;
}

const ours = (one: DecodingCase, deviation: Deviation): Outcome => {
  const text = deviation.cases[hashOf(one)] ?? null;
  const { iter_raw_b64, decoded_before_error_b64 } = one.expected;
  const content = text === null ? decoded_before_error_b64 : Buffer.from(text, 'latin1').toString('base64');
  const downloaded = Buffer.from(iter_raw_b64, 'base64').length;
  const read: Outcome['read'] = deviation.isWhole
    ? { content_b64: content, num_bytes_downloaded: downloaded }
    : { $error: { type: 'DecodingError', module: 'httpx' } };
  return { read, iter_raw_b64, decoded_before_error_b64: content };
};

const hashOf = ({ id }: DecodingCase): string => id.slice(id.lastIndexOf('/') + 1);

/** Every case that httpx calls lenient ends early. */
const isCutShort = ({ quirk }: DecodingCase): boolean => quirk === 'lenient';

const CUT_SHORT: Deviation = {
  overruledBy: 'SECURITY 4.3: a coded body that ends early is an error',
  isWhole: false,
  cases: {
    // raw deflate and brotli whose damage lets them go on behind their last octet
    '47b7119455': null,
    e5fb84397a: null,
    '7d2ab91cd1': null,
    // text that happens to begin like zlib, raw deflate or brotli
    '93e89718dd': null,
    a5ede6d57f: null,
    '052f52c797': null,
    '0e681ef3f6': null,
  },
};

export const deviations: readonly Deviation[] = [
  CUT_SHORT,
  {
    overruledBy:
      'SECURITY 4.4: what follows the coded data is an error, unless it is another gzip member or zero padding',
    isWhole: false,
    cases: { '93c7ec99b0': null, bbc0e8fbbf: null, '9e4b2daa40': null, '53c8b3bfab': null, '94eb91f897': null },
  },
  {
    overruledBy: 'issue 4: what was decoded before the fault is handed out, however the input was cut',
    isWhole: false,
    cases: {
      a1db6c7b4e: 'test 123',
      '9ab2185478': 'test 123',
      b56a7ccc61: 'tb+t 123',
      '1715267e2a': 'test 6j3',
      '0dff2fbc7d': 'test 123',
      a068f3fc94: 'test 123',
      '03cc915fe8': 'test 123',
      '9bbc9f5655': 'test 123',
      '6d8cd1632d': 't\x9ast 123',
      '6d7354a2e1': 'test 123',
      '1485b1b9d5': 'test 123',
      ace1a5fefd: 'test 123',
    },
  },
  {
    overruledBy:
      'SECURITY 4.6, HTTPX.md §24.9: raw deflate is told from zlib by two octets, whichever piece they come in',
    isWhole: true,
    cases: { '41f7e5a40c': 'test 123', '9ea958d4c4': 'test 123', '1d1dc7d43c': 'test 123', '6952b04375': 'test 123' },
  },
  {
    overruledBy: 'SECURITY 4.4, HTTPX.md §24.9: zstd frames are decoded however they were cut',
    isWhole: true,
    cases: {
      '699009d5ae': 'test 123test 123',
      '3c3c7ee611': 'test 123test 123',
      '9beb18189c': 'foobar',
      '5de84dd9a1': 'foobar',
    },
  },
  {
    overruledBy: 'issue 4, HTTPX.md §24.9: zstd is undone in any chain',
    isWhole: true,
    cases: { bb83c1ef93: 'test 123', d8b68c614d: 'test 123', '68879a2830': 'test 123', '599c2ffb73': '' },
  },
  {
    overruledBy: 'RFC 9110 §8.4.1.3: x-gzip is gzip',
    isWhole: true,
    cases: { '9c5b5154ab': 'test 123' },
  },
  {
    overruledBy: 'RFC 9110 §8.4.1.3: x-gzip is gzip, and these bodies are none',
    isWhole: false,
    cases: { a907d8361e: '', '302ad4626b': '' },
  },
];

/** What is expected in place of the vector, and why; `null`: the vector holds. */
export function instead(one: DecodingCase): { readonly why: Deviation; readonly outcome: Outcome } | null {
  const why = isCutShort(one) ? CUT_SHORT : deviations.find(({ cases }) => hashOf(one) in cases);
  return why === undefined ? null : { why, outcome: ours(one, why) };
}
