/**
 * Counts executed instructions: rewrites a built WebAssembly module so that it adds up, in two exported i64 globals,
 * what it does. Equal input gives equal counts on every host and machine, which seconds never do.
 *
 *   __instructions   instructions executed, counted as wasmtime counts fuel: one for every function entered and one for
 *                    every instruction, but none for those that make no code of their own (WEIGHTLESS in instruction.mjs)
 *   __bulk           octets moved or set by memory.copy, memory.fill and memory.init
 *
 * Their sum is the fuel that wasmtime takes for the module as it was, so that a second engine can check the figures.
 *
 * How: a function body is cut into runs that are executed from their first instruction to their last or, after a trap,
 * not counted on. A run ends where control can leave or arrive: behind a branch, behind `loop`, `if`, `else` and `end`.
 * In front of each run stands one addition of its weight. The globals are appended to the module's own, so that no
 * index changes. Nothing else is changed; custom sections that speak of code offsets are left out.
 *
 * Known are the instructions of WebAssembly 2.0 (SIMD, bulk memory, reference types and sign extension included) and
 * tail calls. Others are refused: threads and relaxed SIMD, since they would make counts differ from run to run.
 *
 * `node wasm/meter.mjs in.wasm out.wasm`
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ENDS_RUN, skipInstruction, WEIGHTLESS } from './instruction.mjs';
import { Reader, Writer } from './module-octets.mjs';

export const INSTRUCTIONS = '__instructions';
export const BULK = '__bulk';

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const SECTION = { custom: 0, type: 1, import: 2, function: 3, memory: 5, global: 6, export: 7, code: 10 };
/** Section ids in the order in which a module must have them; custom sections may stand anywhere. */
const SECTION_ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
const I32 = 0x7f;
const I64 = 0x7e;
const EXPORTED_GLOBAL = 0x03;

const OP = { end: 0x0b, localGet: 0x20, localTee: 0x22, globalGet: 0x23, globalSet: 0x24 };
const OP_I64_CONST = 0x42;
const OP_I64_ADD = 0x7c;
const OP_I64_EXTEND_I32_U = 0xad;

/** Sections in the order of the module. */
function sectionsOf(octets) {
  const reader = new Reader(octets);
  for (const byte of HEADER) if (reader.byte() !== byte) reader.fail('not a WebAssembly 1 module');
  const sections = [];
  let rank = -1;
  while (reader.position < reader.end) {
    const id = reader.byte();
    if (id !== SECTION.custom) {
      const next = SECTION_ORDER.indexOf(id);
      if (next < 0) reader.fail(`unknown section ${id}`);
      if (next <= rank) reader.fail(`section ${id} out of order`);
      rank = next;
    }
    sections.push({ id, contents: reader.part(reader.u32()) });
  }
  return sections;
}

/** A fresh reader over the section `id`, or `null`. */
function openSection(sections, id) {
  const found = sections.find((section) => section.id === id)?.contents;
  return found === undefined ? null : new Reader(found.octets, found.position, found.end);
}

/** Number of parameters of every function type. */
function parameterCounts(sections) {
  const reader = openSection(sections, SECTION.type);
  if (reader === null) return [];
  const counts = [];
  for (let left = reader.u32(); left > 0; left--) {
    if (reader.byte() !== 0x60) reader.fail('a type that is no function type');
    const parameters = reader.u32();
    for (let index = 0; index < parameters; index++) reader.valueType();
    for (let results = reader.u32(); results > 0; results--) reader.valueType();
    counts.push(parameters);
  }
  return counts;
}

function skipLimits(reader) {
  const flags = reader.byte();
  if (flags > 1) reader.fail(flags > 3 ? 'a 64-bit memory or table' : 'a shared memory');
  reader.skipNumbers(flags === 1 ? 2 : 1);
}

/** Number of imported globals. */
function importedGlobals(sections) {
  const reader = openSection(sections, SECTION.import);
  if (reader === null) return 0;
  let globals = 0;
  for (let left = reader.u32(); left > 0; left--) {
    reader.name();
    reader.name();
    const kind = reader.byte();
    if (kind === 0) reader.skipNumber();
    else if (kind === 1) {
      reader.valueType();
      skipLimits(reader);
    } else if (kind === 2) skipLimits(reader);
    else if (kind === 3) {
      reader.valueType();
      reader.skip(1);
      globals++;
    } else reader.fail(`an import of unknown kind ${kind}`);
  }
  return globals;
}

/** Parameters of every function that the module defines. */
function functionParameters(sections) {
  const reader = openSection(sections, SECTION.function);
  if (reader === null) return [];
  const counts = parameterCounts(sections);
  return Array.from({ length: reader.u32() }, () => {
    const type = reader.u32();
    return counts[type] ?? reader.fail(`a function of unknown type ${type}`);
  });
}

/** Adds `weight` to a counter. */
function writeWeight(writer, global, weight) {
  writer.u32(OP.globalGet, global, OP_I64_CONST).s64(weight).append([OP_I64_ADD]).u32(OP.globalSet, global);
}

/** Adds the length on top of the stack to the octets moved, and leaves it there. */
function writeMoved(writer, global, local) {
  writer.u32(OP.localTee, local).append([OP_I64_EXTEND_I32_U]).u32(OP.globalGet, global).append([OP_I64_ADD]);
  writer.u32(OP.globalSet, global, OP.localGet, local);
}

/** Local declarations, with an i32 appended; its index. */
function copyLocals(reader, parameters, writer) {
  const groups = reader.u32();
  const start = reader.position;
  let local = parameters;
  for (let index = 0; index < groups; index++) {
    local += reader.u32();
    reader.valueType();
  }
  writer.u32(groups + 1).append(reader.octets.subarray(start, reader.position));
  writer.u32(1, I32);
  return local;
}

/** The body of one function, with its counting. */
function meteredBody(reader, parameters, globals) {
  const body = new Writer();
  const local = copyLocals(reader, parameters, body);
  let run = new Writer();
  let weight = 1; // of entering the function
  while (reader.position < reader.end) {
    const start = reader.position;
    const op = reader.byte();
    if (skipInstruction(reader, op)) writeMoved(run, globals.bulk, local);
    run.append(reader.octets.subarray(start, reader.position));
    if (!WEIGHTLESS.has(op)) weight++;
    if (ENDS_RUN.has(op) || reader.position === reader.end) {
      if (weight > 0) writeWeight(body, globals.instructions, weight);
      body.append(run.taken());
      run = new Writer();
      weight = 0;
    }
  }
  if (reader.octets[reader.end - 1] !== OP.end) reader.fail('a function without its end');
  return body.taken();
}

function meteredCode(sections, globals) {
  const parameters = functionParameters(sections);
  const reader = openSection(sections, SECTION.code);
  const count = reader === null ? 0 : reader.u32();
  if (count !== parameters.length) {
    throw new Error(`Cannot meter module: ${parameters.length} functions are declared, ${count} have code`);
  }
  const code = new Writer().u32(count);
  for (const own of parameters) code.sized(meteredBody(reader.part(reader.u32()), own, globals));
  return code.taken();
}

/** The global section with the two counters behind the module's own globals. */
function extendedGlobals(reader, count) {
  const writer = new Writer().u32(count + 2);
  if (reader !== null) writer.append(reader.rest());
  const counter = [I64, 1, OP_I64_CONST, 0, OP.end];
  return writer.append(counter).append(counter).taken();
}

/** The export section with the two counters behind the module's own exports. */
function extendedExports(sections, globals) {
  const reader = openSection(sections, SECTION.export);
  const count = reader === null ? 0 : reader.u32();
  const writer = new Writer().u32(count + 2);
  if (reader !== null) {
    writer.append(reader.rest());
    for (let index = 0; index < count; index++) {
      const name = reader.name();
      if (name === INSTRUCTIONS || name === BULK) reader.fail(`it exports ${name}, so it counts already;`);
      reader.skip(1);
      reader.skipNumber();
    }
  }
  const encoder = new TextEncoder();
  writer.sized(encoder.encode(INSTRUCTIONS)).u32(EXPORTED_GLOBAL, globals.instructions);
  return writer.sized(encoder.encode(BULK)).u32(EXPORTED_GLOBAL, globals.bulk).taken();
}

/** Whether a custom section would no longer be true of the rewritten code. */
function speaksOfOffsets({ id, contents }) {
  if (id !== SECTION.custom) return false;
  const name = new Reader(contents.octets, contents.position, contents.end).name();
  return name === 'sourceMappingURL' || name.startsWith('.debug_') || name.startsWith('metadata.code.');
}

/**
 * The module that does what `octets` does and counts it.
 * @param {Uint8Array} octets a WebAssembly module
 * @returns {Uint8Array<ArrayBuffer>}
 * @throws {Error} if it is damaged, counts already, or uses instructions that cannot be counted exactly
 */
export function meter(octets) {
  const sections = sectionsOf(octets);
  const globalReader = openSection(sections, SECTION.global);
  const ownGlobals = globalReader === null ? 0 : globalReader.u32();
  const first = importedGlobals(sections) + ownGlobals;
  const globals = { instructions: first, bulk: first + 1 };
  const replaced = new Map([
    [SECTION.global, extendedGlobals(globalReader, ownGlobals)],
    [SECTION.export, extendedExports(sections, globals)],
    [SECTION.code, meteredCode(sections, globals)],
  ]);
  const writer = new Writer().append(HEADER);
  const putBefore = (rank) => {
    for (const [id, contents] of replaced) {
      if (SECTION_ORDER.indexOf(id) >= rank) continue;
      writer.u32(id).sized(contents);
      replaced.delete(id);
    }
  };
  for (const section of sections) {
    if (speaksOfOffsets(section)) continue;
    if (section.id !== SECTION.custom) putBefore(SECTION_ORDER.indexOf(section.id));
    if (!replaced.has(section.id)) writer.u32(section.id).sized(section.contents.rest());
  }
  putBefore(SECTION_ORDER.length);
  return writer.taken();
}

function main([source, target]) {
  if (source === undefined || target === undefined) {
    console.error('usage: node wasm/meter.mjs in.wasm out.wasm');
    process.exitCode = 2;
    return;
  }
  const plain = readFileSync(source);
  const metered = meter(plain);
  writeFileSync(target, metered);
  console.log(`${target}: ${plain.length} octets became ${metered.length}`);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2));
}
