/**
 * What is decided where the format leaves room: cases of coding-deflate with a `policy`. A body that decodes to its last
 * octet and still breaks a rule must fail, since nothing else tells a cut transfer from a whole one (SECURITY.md 4.3, 4.4).
 */
import * as abi from '../../assembly/abi.js';
import type { Decision } from './coding-suite.js';

export const DECISIONS: readonly Decision[] = [
  {
    cases: /^gz-fhcrc-bad/,
    rule: abi.RULE_CODING_GZIP_HEADER_CRC,
    because: 'SECURITY.md 4.5: all error on a wrong CRC; RFC 1952 §2.3.1: CRC16 is the CRC-32 of the header',
  },
  {
    cases: /^(gz|zl|raw)-trunc-/,
    rule: abi.RULE_CODING_TRUNCATED,
    because: 'SECURITY.md 4.3: a truncated body is an error, even if only the trailer is wanting',
  },
  {
    cases: /-trailing-zeros?$/,
    rule: null,
    because: 'SECURITY.md 4.4: zero padding is ignored',
  },
  {
    cases: /-trailing(-|$)/,
    rule: abi.RULE_CODING_TRAILING,
    because: 'SECURITY.md 4.4: anything else after the last member is an error',
  },
  {
    cases: /-many-empty-/,
    rule: null,
    because: 'SECURITY.md 4.1: work is bounded by the input, output by the call; the data are valid',
  },
];
