/** Counting instructions (wasm/meter.mjs): counts made by hand, the same answers as the plain module, clear refusals. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzip } from 'pako';
import { describe, expect, test } from 'vitest';
import { CODING_GZIP, EVENT_OCTETS, OPEN_END_STREAM, PROTOCOL_HTTP_1_1, ROLE_CLIENT } from '../../assembly/abi.js';
import { skipInstruction } from '../../wasm/instruction.mjs';
import { BULK, INSTRUCTIONS, meter } from '../../wasm/meter.mjs';
import { Reader } from '../../wasm/module-octets.mjs';

const I32 = 0x7f;
const END = 0x0b;
const CORE = new URL('../../wasm/build/core.wasm', import.meta.url);

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const ascii = (text: string): number[] => [...new TextEncoder().encode(text)];
const name = (text: string): number[] => [text.length, ...ascii(text)];
const vector = (items: readonly number[][]): number[] => [items.length, ...items.flat()];

/** A section; its contents must stay below 16384 octets. */
function section(id: number, contents: readonly number[]): number[] {
  const n = contents.length;
  return [id, ...(n < 128 ? [n] : [(n & 127) | 128, n >> 7]), ...contents];
}

function body(code: readonly number[], locals: readonly number[] = [0]): number[] {
  const octets = [...locals, ...code, END];
  if (octets.length > 127) throw new Error(`Cannot assemble: a body has ${octets.length} octets`);
  return [octets.length, ...octets];
}

/** Types: 0 is [] -> [], 1 is [i32] -> [i32], 2 is [i32, i32, i32] -> []. */
const TYPES = section(
  1,
  vector([
    [0x60, 0, 0],
    [0x60, 1, I32, 1, I32],
    [0x60, 3, I32, I32, I32, 0],
  ]),
);

/** Functions of type 1 (or as given), exported as f0, f1, …, with one page of memory. */
function moduleOf(
  bodies: readonly number[][],
  types: readonly number[] = bodies.map(() => 1),
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...HEADER,
    ...TYPES,
    ...section(3, vector(types.map((type) => [type]))),
    ...section(5, [1, 0, 1]),
    ...section(7, vector([...bodies.map((_, i) => [...name(`f${i}`), 0, i]), [...name('memory'), 2, 0]])),
    ...section(10, vector(bodies.map((code) => [...code]))),
  ]);
}

type Exports = Record<string, (...values: number[]) => number>;

function instanceOf(octets: Uint8Array<ArrayBuffer>, imports: WebAssembly.Imports = {}): Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(octets), imports).exports as Exports;
}

function counterOf(exports: Exports, counter: string): WebAssembly.Global {
  return (exports as Record<string, unknown>)[counter] as WebAssembly.Global;
}

/** Result of one call of f0 and what it counted. */
function counted(exports: Exports, ...values: number[]): { result: number; instructions: bigint; bulk: bigint } {
  const instructions = counterOf(exports, INSTRUCTIONS);
  const bulk = counterOf(exports, BULK);
  instructions.value = 0n;
  bulk.value = 0n;
  const result = (exports.f0 as (...values: number[]) => number)(...values);
  return { result, instructions: instructions.value, bulk: bulk.value };
}

describe('counts', () => {
  test('a function costs one to enter and one for each instruction that makes code', () => {
    // local.get 0; i32.const 1; i32.add
    const exports = instanceOf(meter(moduleOf([body([0x20, 0, 0x41, 1, 0x6a])])));
    expect(counted(exports, 4)).toEqual({ result: 5, instructions: 4n, bulk: 0n });
  });

  test('nop, drop, block, loop, end and return are free', () => {
    // nop; block; loop; end; end; i32.const 1; drop; local.get 0; return
    const code = [0x01, 0x02, 0x40, 0x03, 0x40, END, END, 0x41, 1, 0x1a, 0x20, 0, 0x0f];
    expect(counted(instanceOf(meter(moduleOf([body(code)]))), 9)).toEqual({ result: 9, instructions: 3n, bulk: 0n });
  });

  test('each turn of a loop costs its body', () => {
    // loop: local0 = local0 - 1; br_if 0 if not zero; then local.get 0
    const code = [0x03, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, END, 0x20, 0];
    const exports = instanceOf(meter(moduleOf([body(code)])));
    for (const turns of [1, 2, 10, 1000]) {
      expect(counted(exports, turns).instructions).toBe(1n + 5n * BigInt(turns) + 1n);
    }
  });

  test('only the taken arm of an if costs', () => {
    // local.get 0; if (result i32) i32.const 7 else i32.const 1; i32.const 2; i32.add end
    const code = [0x20, 0, 0x04, I32, 0x41, 7, 0x05, 0x41, 1, 0x41, 2, 0x6a, END];
    const exports = instanceOf(meter(moduleOf([body(code)])));
    expect(counted(exports, 1)).toEqual({ result: 7, instructions: 1n + 2n + 1n, bulk: 0n });
    expect(counted(exports, 0)).toEqual({ result: 3, instructions: 1n + 2n + 3n, bulk: 0n });
  });

  test('an if without else costs nothing more when it is not taken', () => {
    // local.get 0; if; i32.const 5; local.set 0; end; local.get 0
    const exports = instanceOf(meter(moduleOf([body([0x20, 0, 0x04, 0x40, 0x41, 5, 0x21, 0, END, 0x20, 0])])));
    expect(counted(exports, 0).instructions).toBe(4n);
    expect(counted(exports, 1).instructions).toBe(6n);
  });

  test('what follows a br_if costs only where it is reached', () => {
    // block; local.get 0; br_if 0; i32.const 5; local.set 0; end; local.get 0
    const code = [0x02, 0x40, 0x20, 0, 0x0d, 0, 0x41, 5, 0x21, 0, END, 0x20, 0];
    const exports = instanceOf(meter(moduleOf([body(code)])));
    expect(counted(exports, 1).instructions).toBe(4n);
    expect(counted(exports, 0).instructions).toBe(6n);
  });

  test('a br_table costs one, and then what it leads to', () => {
    // block block block local.get 0 br_table 0 1 2 end; i32.const 10 return end; i32.const 20; i32.const 1; i32.add; return end; nothing
    const code = [0x02, 0x40, 0x02, 0x40, 0x02, 0x40, 0x20, 0, 0x0e, 2, 0, 1, 2, END];
    code.push(0x41, 10, 0x0f, END, 0x41, 20, 0x41, 1, 0x6a, 0x0f, END, 0x41, 0);
    const exports = instanceOf(meter(moduleOf([body(code)])));
    expect(counted(exports, 0)).toEqual({ result: 10, instructions: 4n, bulk: 0n });
    expect(counted(exports, 1)).toEqual({ result: 21, instructions: 6n, bulk: 0n });
    expect(counted(exports, 9)).toEqual({ result: 0, instructions: 4n, bulk: 0n });
  });

  test('a call costs one, and what the function called costs', () => {
    // f0: local.get 0; call 1; call 1. f1: local.get 0; i32.const 3; i32.mul
    const exports = instanceOf(meter(moduleOf([body([0x20, 0, 0x10, 1, 0x10, 1]), body([0x20, 0, 0x41, 3, 0x6c])])));
    expect(counted(exports, 2)).toEqual({ result: 18, instructions: 4n + 2n * 4n, bulk: 0n });
  });

  test('memory.copy and memory.fill count their octets apart', () => {
    const operands = [0x20, 0, 0x20, 1, 0x20, 2];
    const code = body([...operands, 0xfc, 11, 0, ...operands, 0xfc, 10, 0, 0]);
    const exports = instanceOf(meter(moduleOf([code], [2])));
    expect(counted(exports, 16, 65, 100)).toMatchObject({ instructions: 9n, bulk: 200n });
    expect(new Uint8Array((exports.memory as unknown as WebAssembly.Memory).buffer, 15, 3)).toEqual(
      Uint8Array.of(0, 65, 65),
    );
  });

  test('counters stand behind imported and own globals, and the start function is counted', () => {
    const octets = Uint8Array.from([
      ...HEADER,
      ...TYPES,
      ...section(2, vector([[...name('env'), ...name('g'), 3, I32, 0]])),
      ...section(3, vector([[0], [1]])),
      ...section(6, vector([[I32, 1, 0x41, 5, END]])),
      ...section(7, vector([[...name('f0'), 0, 1]])),
      ...section(8, [0]),
      ...section(10, vector([body([0x41, 6, 0x24, 1]), body([0x23, 0, 0x23, 1, 0x6a])])),
      ...section(0, [...name('sourceMappingURL'), ...name('m.map')]),
      ...section(0, [...name('note'), 1, 2, 3]),
    ]);
    const metered = meter(octets);
    const exports = instanceOf(metered, { env: { g: 30 } });
    expect(counterOf(exports, INSTRUCTIONS).value).toBe(3n);
    expect(counted(exports, 0)).toEqual({ result: 36, instructions: 4n, bulk: 0n });
    const compiled = new WebAssembly.Module(metered);
    expect(WebAssembly.Module.customSections(compiled, 'note')).toHaveLength(1);
    expect(WebAssembly.Module.customSections(compiled, 'sourceMappingURL')).toHaveLength(0);
  });

  test('a module without functions gets its counters', () => {
    expect(counterOf(instanceOf(meter(Uint8Array.from(HEADER))), INSTRUCTIONS).value).toBe(0n);
  });
});

/** i64.const, drop, and a drop of what stood before: only the first octet and the drops are instructions. */
const GUARD = [0x42, ...new Array(8).fill(0xc7), 0x27, 0x1a, 0x1a];

/** `code` behind `unreachable`, where any operands are on the stack. If it takes octets of GUARD, the module is invalid. */
function unreachableModule(code: readonly number[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...HEADER,
    ...TYPES,
    ...section(3, [1, 0]),
    ...section(4, [1, 0x70, 0, 1]),
    ...section(5, [1, 0, 1]),
    ...section(6, vector([[I32, 1, 0x41, 0, END]])),
    ...section(9, [1, 0, 0x41, 0, END, 1, 0]),
    ...section(12, [1]),
    ...section(10, vector([body([0x00, ...code, ...GUARD], [1, 1, I32])])),
    ...section(11, [1, 1, 1, 0]),
  ]);
}

/** Shortest first. */
const IMMEDIATES = [[], [0], [0x70], [0, 0], [1, I32], [0, 0, 0], ...[4, 8, 16].map((n) => new Array(n).fill(0))];
const BLOCKS = new Set([0x02, 0x03, 0x04, 0x05]);
const number = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, value >> 7]);
const OPCODES: readonly (readonly number[])[] = [
  ...Array.from({ length: 256 }, (_, op) => [op]).filter(([op = 0]) => !BLOCKS.has(op)),
  ...Array.from({ length: 32 }, (_, op) => [0xfc, ...number(op)]),
  ...Array.from({ length: 300 }, (_, op) => [0xfd, ...number(op)]),
];
const KNOWN = [
  [0x00, 0x01],
  [0x0b, 0x13],
  [0x1a, 0x1c],
  [0x20, 0x26],
  [0x28, 0xc4],
  [0xd0, 0xd2],
] as const;

/** Whether WebAssembly 2.0 or tail calls have the instruction. */
function isKnown([op = 0, low = 0, high = 0]: readonly number[]): boolean {
  const sub = (low & 127) + high * 128;
  if (op === 0xfc) return sub <= 17;
  if (op === 0xfd) return sub <= 255;
  return KNOWN.some(([from, to]) => op >= from && op <= to);
}

describe('instructions', () => {
  test('each that the engine knows is as long as the engine finds it, or refused by name', () => {
    let passed = 0;
    for (const op of OPCODES) {
      const shortest = IMMEDIATES.find((immediates) => WebAssembly.validate(unreachableModule([...op, ...immediates])));
      if (shortest === undefined || op[0] === END) continue;
      const code = [...op, ...shortest];
      const plain = unreachableModule(code);
      if (!isKnown(op)) {
        expect(() => meter(plain), `${code}`).toThrow(/unknown instruction/);
        continue;
      }
      const reader = new Reader(Uint8Array.from(code));
      skipInstruction(reader, reader.byte());
      expect(reader.position, `${code}`).toBe(code.length);
      expect(WebAssembly.validate(meter(plain)), `${code}`).toBe(true);
      passed++;
    }
    expect(passed).toBeGreaterThan(400);
  });
});

describe('refusals', () => {
  const plain = moduleOf([body([0x20, 0, 0x41, 1, 0x6a])]);

  test('a module cut off anywhere is an error that says so, or a module', () => {
    for (let length = 0; length < plain.length; length++) {
      const cut = plain.slice(0, length);
      try {
        expect(WebAssembly.validate(meter(cut)), `${length} octets`).toBe(WebAssembly.validate(cut));
      } catch (error) {
        expect((error as Error).message).toMatch(/^Cannot meter module: /);
        expect(WebAssembly.validate(cut), `${length} octets`).toBe(false);
      }
    }
  });

  test.each([
    ['text', Uint8Array.from(ascii('not wasm at all')), /not a WebAssembly 1 module at octet 1/],
    ['a metered module', meter(plain), /it exports __instructions, so it counts already/],
    ['sections out of order', Uint8Array.from([...HEADER, ...section(3, [0]), ...TYPES]), /section 1 out of order/],
    ['an unknown section', Uint8Array.from([...HEADER, 99, 0]), /unknown section 99/],
    ['a number without end', Uint8Array.from([...HEADER, 1, 255, 255, 255, 255, 255]), /more than 32 bits/],
    ['a function without end', moduleOf([[3, 0, 0x41, 1]]), /a function without its end/],
    ['an atomic instruction', moduleOf([body([0xfe, 3, 0, 0x20, 0])]), /unknown instruction 0xfe at octet \d+/],
    ['relaxed SIMD', moduleOf([body([0xfd, 128, 2, 0x20, 0])]), /relaxed SIMD is not deterministic/],
  ])('%s is refused', (_, octets, message) => {
    expect(() => meter(octets)).toThrow(message);
  });
});

describe('the command', () => {
  test('writes the metered module', () => {
    const folder = mkdtempSync(join(tmpdir(), 'meter-'));
    try {
      const plain = moduleOf([body([0x20, 0])]);
      writeFileSync(join(folder, 'in.wasm'), plain);
      const command = new URL('../../wasm/meter.mjs', import.meta.url).pathname;
      execFileSync(process.execPath, [command, join(folder, 'in.wasm'), join(folder, 'out.wasm')]);
      expect(new Uint8Array(readFileSync(join(folder, 'out.wasm')))).toEqual(meter(plain));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** Records and the octets they speak of, as one core gives them for a response and for coded data. */
function answersOf(core: Exports, response: Uint8Array, coded: Uint8Array): unknown[] {
  const call = (name: string, ...values: number[]): number =>
    (core[name] as (...values: number[]) => number)(...values);
  const memory = core.memory as unknown as WebAssembly.Memory;
  const records = (count: number): unknown[] => {
    const words = new Uint32Array(memory.buffer, call('eventsOffset'), count * (EVENT_OCTETS / 4));
    return [[...words], new Uint8Array(memory.buffer).slice(words[3], (words[3] ?? 0) + (words[4] ?? 0))];
  };
  const put = (octets: Uint8Array): void => new Uint8Array(memory.buffer).set(octets, call('inputOffset'));
  const answers: unknown[] = [];
  const connection = call('connectionCreate', PROTOCOL_HTTP_1_1, ROLE_CLIENT, 65536, 256, 16);
  call('connectionOpen', connection, OPEN_END_STREAM);
  for (const octet of response) {
    put(Uint8Array.of(octet));
    answers.push(records(call('connectionReceive', connection, 0, 1)));
  }
  const decoder = call('decoderCreate', CODING_GZIP, 0, 0);
  put(coded);
  answers.push(call('decoderDecode', decoder, 0, coded.length), records(1), call('decoderEnd', decoder));
  return answers;
}

describe.skipIf(!existsSync(CORE))('the core (skipped unless npm run build:wasm has made wasm/build/core.wasm)', () => {
  const plain = existsSync(CORE) ? new Uint8Array(readFileSync(CORE)) : new Uint8Array(0);

  test('is metered to the same octets each time, and keeps its exports', () => {
    const metered = meter(plain);
    expect(meter(plain)).toEqual(metered);
    const exports = WebAssembly.Module.exports(new WebAssembly.Module(metered));
    expect(exports.slice(0, -2)).toEqual(WebAssembly.Module.exports(new WebAssembly.Module(plain)));
  });

  test('gives the same answers metered as plain', () => {
    const response =
      'HTTP/1.1 200 OK\r\nVary: *\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n';
    const input = [Uint8Array.from(ascii(response)), gzip('a text, a text, and a text again')] as const;
    const metered = instanceOf(meter(plain));
    expect(answersOf(metered, ...input)).toEqual(answersOf(instanceOf(plain), ...input));
    expect(counterOf(metered, INSTRUCTIONS).value).toBeGreaterThan(1000n);
  });
});
