/**
 * Every octet at every place of names, values, reasons, methods, targets and chunk lines, against sets written out here,
 * in every build and at the cuts around the octet: so wide scanners, plain scanners and the grammar's table are one.
 */
import { describe, expect, test } from 'vitest';
import * as abi from '../../assembly/abi.js';
import { type Entry, type Exchange, octets, run } from '../support/core-connection.js';
import { BUILDS, type Core, loadCore } from '../support/core-module.js';

const TCHAR = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/;
const TEXT = /[\t\x20-\x7e\x80-\xff]/;
const VCHAR = /[\x21-\x7e]/;
const ALL = Array.from({ length: 256 }, (_, octet) => octet);
const LINE = 'HTTP/1.1 200 OK\r\n';
/** Octets behind the head, so that wide loads are made up to its end. */
const BODY = 'z'.repeat(64);

interface Refusal {
  readonly rule: number;
  readonly offset: number;
  readonly octet: number;
}

/** The first record: what it refused, or the head. */
function first(core: Core, input: string, exchange: Exchange, cuts: readonly number[]): Entry {
  const entry = run(core, octets(input), exchange, cuts).log[0];
  if (entry === undefined) throw new Error(`Cannot judge ${JSON.stringify(input)}: nothing came out`);
  return entry;
}

/** Holds the outcome of an input against `wanted`, whole and cut before, at and behind the place `at`. */
function check(core: Core, input: string, at: number, wanted: Refusal | object, exchange: Exchange = {}): void {
  for (const cuts of [[], [at], [at + 1], [at, at + 1], [1]]) {
    const entry = first(core, input, exchange, cuts);
    if (
      !Object.entries(wanted).every(
        ([key, value]) => JSON.stringify(entry[key as keyof Entry]) === JSON.stringify(value),
      )
    ) {
      expect.fail(
        `${JSON.stringify(input)} cut at ${cuts}: ${JSON.stringify(entry)}, wanted ${JSON.stringify(wanted)}`,
      );
    }
  }
}

const refusal = (rule: number, input: string, at: number): Refusal => ({
  rule,
  offset: at,
  octet: input.charCodeAt(at),
});

const put = (length: number, at: number, octet: number): string =>
  'a'.repeat(at) + String.fromCharCode(octet) + 'a'.repeat(length - at - 1);

/** What a field name with `char` at `at` leads to, its line beginning at `start` of the input. */
function nameOutcome(input: string, name: string, char: string, at: number, start: number): object {
  const place = start + at;
  if (TCHAR.test(char)) return { fields: [[name, 'v', 0]] };
  if (char === ':' && at > 0) return { fields: [[name.slice(0, at), `${name.slice(at + 1)}: v`, 0]] };
  if (at > 0 && ' \t\r\n'.includes(char)) return refusal(abi.RULE_FIELD_COLON, input, place);
  if (char === '\r') return refusal(abi.RULE_LINE_END, input, place + 1);
  if (char === '\n') return refusal(abi.RULE_LINE_END, input, place);
  if (' \t'.includes(char)) return refusal(abi.RULE_FIELD_FOLDED, input, place);
  return refusal(abi.RULE_FIELD_NAME, input, place);
}

describe.each(BUILDS)('build %s', (build) => {
  const core = loadCore(build);

  test.each([12, 15, 16, 40])('field names of %i octets are tchar alone', (length) => {
    for (const octet of ALL) {
      for (let at = 0; at < length; at++) {
        const name = put(length, at, octet);
        const input = `${LINE}${name}: v\r\n\r\n${BODY}`;
        check(core, input, LINE.length + at, nameOutcome(input, name, String.fromCharCode(octet), at, LINE.length));
      }
    }
  });

  test.each(['X: ', 'X:', 'a-name-of-twenty-seven-octets: '])('after "%s" values are field content alone', (name) => {
    for (const octet of ALL) {
      for (let at = 0; at < 40; at++) {
        const char = String.fromCharCode(octet);
        const value = put(40, at, octet);
        const input = `${LINE}${name}${value}\r\n\r\n${BODY}`;
        const place = LINE.length + name.length + at;
        if (TEXT.test(char))
          check(core, input, place, {
            fields: [[name.slice(0, name.indexOf(':')), value.replace(/^[ \t]+|[ \t]+$/g, ''), 0]],
          });
        else if (char === '\r') check(core, input, place, refusal(abi.RULE_LINE_END, input, place + 1));
        else check(core, input, place, refusal(char === '\n' ? abi.RULE_LINE_END : abi.RULE_FIELD_VALUE, input, place));
      }
    }
  });

  test.each(['a', ': ', '\r\n', 'X: y\r\n\r\n'])('lines end at any place, whatever stood behind them (%j)', (stale) => {
    for (let length = 1; length <= 140; length++) {
      const value = 'v'.repeat(length);
      const input = `${LINE}A: ${value}\r\nA-name-of-sixteen:w\r\nB: ${value}\r\n\r\n`;
      const fields = [
        ['A', value, 0],
        ['A-name-of-sixteen', 'w', 0],
        ['B', value, 0],
      ];
      for (const at of [LINE.length, LINE.length + 3 + length, input.length - 5, input.length - 2]) {
        const behind = octets(stale.repeat(512 / stale.length));
        new Uint8Array(core.memory.buffer).set(behind, core.inputOffset());
        check(core, input, at, { fields });
      }
    }
  });

  test('reason phrases are field content alone', () => {
    for (const octet of ALL) {
      for (let at = 0; at < 40; at++) {
        const char = String.fromCharCode(octet);
        const input = `HTTP/1.1 200 ${put(40, at, octet)}\r\n\r\n${BODY}`;
        const place = 13 + at;
        if (TEXT.test(char)) check(core, input, place, { line: input.slice(0, 53) });
        else if (char === '\r') check(core, input, place, refusal(abi.RULE_LINE_END, input, place + 1));
        else check(core, input, place, refusal(char === '\n' ? abi.RULE_LINE_END : abi.RULE_REASON, input, place));
      }
    }
  });

  test('a status line has one form', () => {
    const input = `HTTP/1.1 200 OK\r\n\r\n${BODY}`;
    for (const octet of ALL) {
      for (let at = 0; at < 13; at++) {
        const char = String.fromCharCode(octet);
        const changed = input.slice(0, at) + char + input.slice(at + 1);
        const isDigit = /[0-9]/.test(char);
        const isVersion = at < 9;
        const fits = at === 7 || at === 10 || at === 11 ? isDigit : at === 9 ? /[1-9]/.test(char) : char === input[at];
        if (at === 12 && char === '\r') check(core, changed, at, refusal(abi.RULE_LINE_END, changed, 13));
        // 1xx but 101 leaves as an interim head.
        else if (fits) check(core, changed, at, at === 9 && char === '1' ? { kind: 'interim' } : { kind: 'head' });
        else check(core, changed, at, refusal(isVersion ? abi.RULE_VERSION : abi.RULE_STATUS, changed, at));
      }
    }
  });

  test('methods are tchar and targets VCHAR', () => {
    const exchange = { role: abi.ROLE_REQUESTS };
    for (const octet of ALL) {
      const char = String.fromCharCode(octet);
      for (let at = 0; at < 20; at++) {
        const method = `${put(20, at, octet)} / HTTP/1.1\r\n\r\n`;
        if (TCHAR.test(char)) check(core, method, at, { kind: 'head', code: 20, c: 1 }, exchange);
        else if (char !== ' ' && !(at === 0 && char === '\r'))
          check(core, method, at, refusal(abi.RULE_METHOD, method, at), exchange);
        const target = `GET ${put(20, at, octet)} HTTP/1.1\r\n\r\n`;
        if (VCHAR.test(char)) check(core, target, 4 + at, { kind: 'head', code: 3, c: 20 }, exchange);
        else if (char !== ' ') check(core, target, 4 + at, refusal(abi.RULE_TARGET, target, 4 + at), exchange);
      }
    }
  });

  /** Chunk lines up to the octet in question, the octets that may stand there, and the rule that others break. */
  test.each([
    ['', /[0-9A-Fa-f]/, abi.RULE_CHUNK_SIZE],
    ['1', /[0-9A-Fa-f\r; \t]/, abi.RULE_CHUNK_SIZE],
    ['12\r', /\n/, abi.RULE_CHUNK_LINE_END],
    ['1 ', /[; \t]/, abi.RULE_CHUNK_EXTENSION],
    ['1;', /[!#$%&'*+\-.^_`|~0-9A-Za-z \t]/, abi.RULE_CHUNK_EXTENSION],
    ['1;a', /[!#$%&'*+\-.^_`|~0-9A-Za-z \t=;\r]/, abi.RULE_CHUNK_EXTENSION],
    ['1;a ', /[ \t=;]/, abi.RULE_CHUNK_EXTENSION],
    ['1;a=', /[!#$%&'*+\-.^_`|~0-9A-Za-z \t"]/, abi.RULE_CHUNK_EXTENSION],
    ['1;a=b', /[!#$%&'*+\-.^_`|~0-9A-Za-z \t;\r]/, abi.RULE_CHUNK_EXTENSION],
    ['1;a="', /[\t\x20-\x7e\x80-\xff]/, abi.RULE_CHUNK_EXTENSION],
    ['1;a="\\', /[\t\x20-\x7e\x80-\xff]/, abi.RULE_CHUNK_EXTENSION],
    ['1;a=""', /[ \t;\r]/, abi.RULE_CHUNK_EXTENSION],
    ['1;a=b ', /[ \t;]/, abi.RULE_CHUNK_EXTENSION],
    ['1\r\nx', /\r/, abi.RULE_CHUNK_DATA_END],
    ['1\r\nx\r', /\n/, abi.RULE_CHUNK_DATA_END],
  ])('after the chunk line %j', (before, allowed, rule) => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    for (const octet of ALL) {
      const input = octets(head + before + String.fromCharCode(octet));
      for (const cuts of [[], [head.length], [input.length - 1]]) {
        const error = run(core, input, {}, cuts).log.find(({ kind }) => kind === 'error');
        const wanted = allowed.test(String.fromCharCode(octet)) ? undefined : rule;
        expect(error?.kind === 'error' ? error.rule : undefined, `octet ${octet}, cut at ${cuts}`).toBe(wanted);
        if (error?.kind === 'error') expect(error.octet).toBe(octet);
      }
    }
  });
});
