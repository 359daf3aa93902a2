/** The public cases of coding-brotli, in the second module. */
import { DECISIONS } from './coding-brotli-policy.js';
import { testCases } from './coding-suite.js';

testCases('coding-brotli', 'codings', DECISIONS);
