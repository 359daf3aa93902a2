/** The public cases of coding-zstd, in the second module. */
import { testCases } from './coding-suite.js';
import { DECISIONS } from './coding-zstd-policy.js';

testCases('coding-zstd', 'codings', DECISIONS);
