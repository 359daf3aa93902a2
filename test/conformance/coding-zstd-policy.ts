/** What is decided where RFC 8878 leaves room: cases of coding-zstd with a `policy`. */
import * as abi from '../../assembly/abi.js';
import type { Decision } from './coding-suite.js';

export const DECISIONS: readonly Decision[] = [
  {
    cases: /^trunc-00/,
    rule: 0,
    because: 'a body of no octets is complete in every coding, as gzip and deflate have it: HEAD and 204 say as much',
  },
  {
    cases: /^trailing-/,
    rule: abi.RULE_CODING_TRAILING,
    because: 'SECURITY.md 4.4: anything but a frame behind a frame is an error; zeros are padding after gzip alone',
  },
  {
    cases: /^window-128m/,
    rule: abi.RULE_CODING_WINDOW_LIMIT,
    because: 'SECURITY.md 4.5 and RFC 9659 §3: windows beyond 8 MiB are refused, without allocating',
  },
  {
    cases: /^empty-blocks-flood/,
    rule: null,
    because: 'SECURITY.md 4.1: work is bounded by the input, output by the call; the data are valid',
  },
];
