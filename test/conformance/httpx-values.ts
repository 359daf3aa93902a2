/**
 * How the value files of vectors/httpx are read and judged: tagged inputs become what a caller would give here, answers are
 * compared, and differences are held to a list, each with the line that overrules the vector.
 */
import { describe, expect, test } from 'vitest';
import { httpxCases, withoutShared } from '../support/shared.js';

/** A case of one of the value files. `quirk` marks what a port may answer differently. */
export interface ValueCase<I = Readonly<Record<string, unknown>>> {
  readonly id: string;
  readonly quirk?: string;
  readonly input: I;
  readonly expected: unknown;
}

/** Cases that are answered differently, and what overrules them. */
export interface Difference<C = ValueCase> {
  readonly overruledBy: string;
  readonly applies: (each: C) => boolean;
}

/** An error in an answer: its class for httpx's own, else only that there was one. */
export interface SeenError {
  readonly $error: string;
}

const ANY_ERROR = 'any error';

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Octets of latin-1 text. */
export function octets(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (unit) => unit.charCodeAt(0));
}

/** Octets as latin-1 text. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

/** A tagged value as a caller would write it here: octets, pairs, numbers. Names of other tags go to `tags`. */
export function given(value: unknown, tags: Readonly<Record<string, (value: unknown) => unknown>> = {}): unknown {
  if (Array.isArray(value)) return value.map((item) => given(item, tags));
  if (!isRecord(value)) return value;
  const [name = '', ...others] = Object.keys(value);
  const held = value[name];
  if (others.length === 0 && name.startsWith('$')) {
    const own = tags[name];
    if (own !== undefined) return own(held);
    if (name === '$bytes') return octets(String(held));
    if (name === '$tuple' || name === '$dict_with_keys') return given(held, tags);
    if (name === '$int') return Number.isSafeInteger(Number(held)) ? Number(held) : BigInt(String(held));
    if (name === '$float') return Number(String(held).replace('inf', 'Infinity'));
    if (name === '$repeat') return String((held as [string, number])[0]).repeat((held as [string, number])[1]);
    if (name === '$concat') return (given(held, tags) as string[]).join('');
    throw new Error(`Cannot read a vector: unknown tag ${name}`);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, given(item, tags)]));
}

/** What `ask` answers, or the error it throws. */
export function answerOf<T>(ask: () => T): T | SeenError {
  try {
    return ask();
  } catch (error) {
    return { $error: (error as Error).constructor.name };
  }
}

/** What `ask` answers in the end, or the error with which it fails. */
export async function answerInTheEnd<T>(ask: () => T): Promise<Awaited<T> | SeenError> {
  try {
    return await ask();
  } catch (error) {
    return { $error: (error as Error).constructor.name };
  }
}

/** All that is gone through by `for await`. */
export async function allOf<T>(pieces: AsyncIterable<T> | Iterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

/** Octets of base64. */
export function octetsOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(base64, 'base64'));
}

/** Octets as base64. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** The expected answer in the terms of `answerOf`. */
export function expectedOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expectedOf);
  if (!isRecord(value)) return value;
  const error = value.$error;
  if (isRecord(error)) return { $error: error.module === 'httpx' ? error.type : ANY_ERROR };
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, expectedOf(item)]));
}

/** `ours`, with every error for which the vector wants none in particular called by that name. */
function inTermsOf(expected: unknown, ours: unknown): unknown {
  if (isRecord(ours) && '$error' in ours) {
    return isRecord(expected) && expected.$error === ANY_ERROR ? expected : ours;
  }
  if (Array.isArray(ours)) {
    return ours.map((item, at) => inTermsOf(Array.isArray(expected) ? expected[at] : undefined, item));
  }
  if (!isRecord(ours)) return ours;
  return Object.fromEntries(
    Object.entries(ours).map(([name, item]) => [
      name,
      inTermsOf(isRecord(expected) ? expected[name] : undefined, item),
    ]),
  );
}

/**
 * Runs one file, or those of its cases that are `concerned`: agreement everywhere, but for `differences`, each of which must
 * differ in every case it claims. `comparable` takes from an expected answer what cannot be compared; `who` plays, where it
 * is not the values themselves.
 */
export function describeFile<C extends ValueCase>(
  file: string,
  play: (each: C) => unknown,
  differences: readonly Difference<C>[],
  comparable: (expected: unknown, each: C) => unknown = (expected) => expected,
  concerned: (each: C) => boolean = () => true,
  who = '',
): void {
  const all = httpxCases<C>(file)?.filter(concerned) ?? null;
  const overrules = (each: C) => differences.find(({ applies }) => applies(each));
  const judged = (all ?? []).filter(({ quirk }) => quirk === undefined);

  const title = `vectors/httpx/${file}.json ${who}${all === null ? withoutShared : ''}`;
  describe.skipIf(all === null)(title, () => {
    test.each(judged.map((each) => [each.id, each] as const))('%s', async (_id, each) => {
      const expected = comparable(expectedOf(each.expected), each);
      const ours = inTermsOf(expected, await answerInTheEnd(() => play(each)));
      const difference = overrules(each);
      if (difference === undefined) expect(ours).toEqual(expected);
      else expect(ours, `listed, but no difference: ${difference.overruledBy}`).not.toEqual(expected);
    });

    test('every listed difference concerns a case', () => {
      const unused = differences.filter(({ applies }) => !judged.some((each) => applies(each)));
      expect(unused.map(({ overruledBy }) => overruledBy)).toEqual([]);
    });
  });
}

/** A host that IDNA 2008, to the letter, refuses, and the runtime's UTS 46 takes. */
export function hasRefusedIdna(expected: unknown): boolean {
  const found = /Invalid IDNA hostname: (['"])(.*?)\1"/.exec(JSON.stringify(expected));
  if (found === null) return false;
  const host = (found[2] ?? '').replace(/\\\\(?:x(..)|u(....))/g, (_, two?: string, four?: string) =>
    String.fromCharCode(Number.parseInt(two ?? four ?? '', 16)),
  );
  try {
    return new globalThis.URL(`http://${host}/`).hostname !== '';
  } catch {
    return false;
  }
}

/** Applies to the cases of these ids, given without the file's name. */
export function only(...ids: readonly string[]): (each: ValueCase) => boolean {
  const known = new Set(ids);
  return ({ id }) => known.has(id.slice(id.indexOf('/') + 1));
}
