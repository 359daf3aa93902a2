import { expect, test } from 'vitest';
import { codes } from '../../src/status.js';

test('names stand for their numbers', () => {
  expect([codes.CONTINUE, codes.OK, codes.NOT_FOUND, codes.IM_A_TEAPOT]).toEqual([100, 200, 404, 418]);
  expect([codes.REQUEST_ENTITY_TOO_LARGE, codes.NETWORK_AUTHENTICATION_REQUIRED]).toEqual([413, 511]);
});

test('names are found in lower case too, and listed in upper case', () => {
  expect([codes.not_found, codes.im_a_teapot]).toEqual([404, 418]);
  expect(Object.keys(codes)).not.toContain('not_found');
});

test('names are upper-case, and no two have one number', () => {
  const numbers = Object.values(codes);
  expect(Object.keys(codes).every((name) => /^[A-Z][A-Z_]*$/.test(name))).toBe(true);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(numbers).toHaveLength(62);
});

test('a reason phrase is that of the table, or empty', () => {
  expect(codes.getReasonPhrase(404)).toBe('Not Found');
  expect(codes.getReasonPhrase(203)).toBe('Non-Authoritative Information');
  expect(codes.getReasonPhrase(299)).toBe('');
  for (const status of Object.values(codes)) expect(codes.getReasonPhrase(status as number)).not.toBe('');
});

test.each([
  ['isInformational', 100, 199],
  ['isSuccess', 200, 299],
  ['isRedirect', 300, 399],
  ['isClientError', 400, 499],
  ['isServerError', 500, 599],
  ['isError', 400, 599],
] as const)('%s is true from %i to %i and nowhere else', (question, from, to) => {
  for (let status = 0; status <= 700; status++) expect(codes[question](status)).toBe(status >= from && status <= to);
});

test('the table cannot be changed, and nothing else is found on it', () => {
  expect(Object.isFrozen(codes)).toBe(true);
  expect(Object.getPrototypeOf(codes)).toBeNull();
  expect('constructor' in codes).toBe(false);
});
