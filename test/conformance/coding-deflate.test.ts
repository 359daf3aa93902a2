/** The public cases of coding-deflate: gzip, zlib, raw deflate, HTTP's deflate. */
import { DECISIONS } from './coding-deflate-policy.js';
import { testCases } from './coding-suite.js';

testCases('coding-deflate', 'core', DECISIONS);
