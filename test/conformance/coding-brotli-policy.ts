/** What is decided where brotli leaves room, and where a case of coding-brotli is answered differently. */
import * as abi from '../../assembly/abi.js';
import type { Decision } from './coding-suite.js';

export const DECISIONS: readonly Decision[] = [
  {
    cases: /^trunc-00$/,
    rule: 0,
    because: 'A body of no octets is complete in every coding: that of a response to HEAD has none (RFC 9110 §9.3.2)',
  },
  {
    cases: /^fuzzdata-da39a3ee5e6b4b0d3255bfef95601890afd80709$/,
    rule: 0,
    because: 'The same input as trunc-00: no octets',
    overrules: true,
  },
  {
    cases: /^trailing-/,
    rule: abi.RULE_CODING_TRAILING,
    because: 'SECURITY.md 4.4: anything after the end is an error; brotli streams do not concatenate',
  },
  {
    cases: /^fuzzdata-725ce4c76aa864430d7f4cae9e4cc4fbdd889f5e$/,
    rule: null,
    because: 'RFC 7932 allows what the oracle accepts',
  },
  {
    cases: /^bomb-/,
    rule: null,
    because: 'SECURITY.md 4.1: limits are options of a stream; test/core/coding/brotli-limits.test.ts sets them',
  },
];
