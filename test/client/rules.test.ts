import { expect, test } from 'vitest';
import * as abi from '../../assembly/abi.js';
import { describeRule, RULES } from '../../src/rules.js';

const numbers = Object.entries(abi).filter(([name]) => name.startsWith('RULE_'));

test.each(numbers)('%s has a sentence and a source', (_name, rule) => {
  const entry = RULES.get(rule);
  expect(entry?.what).toMatch(/^[a-z].*[^.]$/);
  expect(entry?.source).toMatch(/^(RFC [0-9]{4} §[0-9]+(\.[0-9]+)*|limits of this host)$/);
});

test('nothing has a sentence that is no rule', () => {
  expect([...RULES.keys()].sort()).toEqual(numbers.map(([, rule]) => rule).sort());
});

test('the sentence names the octet that came', () => {
  expect(describeRule(abi.RULE_CHUNK_SIZE, 0x67, abi.NONE)).toBe(
    'Cannot read chunk size: expected a hexadecimal digit, got 0x67 (RFC 9112 §7.1)',
  );
  expect(describeRule(abi.RULE_FIELD_VALUE, 0)).toContain('got 0x00');
});

test('the sentence names the limit and its unit', () => {
  expect(describeRule(abi.RULE_HEAD_OCTETS, abi.NONE, 65536)).toBe(
    'Cannot read head: expected no more octets than Limits.headOctets, the limit is 65536 octets (RFC 9110 §5.4)',
  );
});

test.each([
  [abi.RULE_HEAD_OCTETS, 0x61, 65536],
  [abi.RULE_FIELD_COUNT, 0x61, 256],
  [abi.RULE_CONTENT_LENGTH_DIFFERS, 0x35, abi.NONE],
  [abi.RULE_CHUNK_SIZE_OVERFLOW, 0x66, abi.NONE],
])('of rule %i, which many octets broke together, the octet is not named', (rule, octet, limit) => {
  expect(describeRule(rule, octet, limit)).not.toContain('got 0x');
  expect(describeRule(rule, octet, limit)).toBe(describeRule(rule, abi.NONE, limit));
});

test('a rule without octet and limit ends with its source', () => {
  expect(describeRule(abi.RULE_CODING_TRUNCATED)).toBe(
    'Cannot decode content: the coded data ends too early (RFC 9110 §8.4)',
  );
});

test('a number that is no rule still makes a sentence', () => {
  expect(describeRule(9999)).toBe('Cannot go on: rule 9999 was broken');
});
