/**
 * Whether wasmtime, another engine with a count of its own, finds the same: all that was done to the metered module is written
 * down and done again to the plain one there, with fuel (fuel.py). Instructions, and octets moved where that release takes fuel
 * for them, must be the fuel consumed, to the last one. Needs Python's wasmtime.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WORK } from '../client/package.mjs';
import { UsageError } from '../usage.mjs';
import { MeteredCore } from './core.mjs';
import { rowsToCount } from './rows.mjs';

const PROGRAM = fileURLToPath(new URL('fuel.py', import.meta.url));
const VERSION = 'import wasmtime; from importlib.metadata import version; print(version("wasmtime"))';
const FOLDER = join(WORK, 'fuel');
/** Longer traces are not worth their time: octet by octet, only what is at most so long. */
const DRIP_OCTETS_MAX = 8192;
const ANSWER_OCTETS_MAX = 2 ** 26;

/** What is done to a module: octets put into its memory, calls, and between which of them is counted. */
export class Trace {
  #steps = [];

  /** The exports, whose functions are written down when they are called. */
  hearing(exports) {
    const heard = ([name, value]) => {
      if (typeof value !== 'function') return [name, value];
      const call = (...given) => {
        // wasmtime wants every parameter; JavaScript fills up with what converts to 0 or NaN.
        const filled = Array.from({ length: value.length }, (_, index) => given[index] ?? 0);
        this.#steps.push({ call: name, given: filled });
        return value(...filled);
      };
      return [name, call];
    };
    return Object.fromEntries(Object.entries(exports).map(heard));
  }

  put(at, octets) {
    this.#steps.push({ at, octets: Buffer.from(octets).toString('base64') });
  }

  begin() {
    this.#steps.push({ begin: true });
  }

  end({ instructions, bulk }) {
    this.#steps.push({ instructions, bulk });
  }

  get steps() {
    return this.#steps;
  }
}

/** The trace of one row in one manner, on a module of its own. */
function traced(path, count) {
  const trace = new Trace();
  count(new MeteredCore(path, trace));
  return trace.steps;
}

/** Every row that is checked: { name, module, steps }. */
export function traces({ core, codings }) {
  return rowsToCount().flatMap(({ name, octets, inCodings, whole, drip }) => {
    const module = inCodings ? codings : core;
    const some = [{ name, module, steps: traced(module, whole) }];
    if (drip !== undefined && octets <= DRIP_OCTETS_MAX) {
      some.push({ name: `${name}, by octet`, module, steps: traced(module, drip) });
    }
    return some;
  });
}

/** The version of wasmtime that is asked. @throws {UsageError} where there is none */
export function wasmtimeVersion() {
  const { status, stdout } = spawnSync('python3', ['-c', VERSION], { encoding: 'utf8' });
  if (status !== 0) throw new UsageError('Cannot check the fuel: python3 has no wasmtime (pip install wasmtime)');
  return stdout.trim();
}

/**
 * @param modules paths { core, codings }
 * @returns [{ name, counts, differing }]: how many counts each row has and the first that differs as [ours, fuel], or `null`
 */
export function checkFuel(modules) {
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, 'traces.json');
  writeFileSync(file, JSON.stringify(traces(modules)));
  const { status, stdout, stderr } = spawnSync('python3', [PROGRAM, file], {
    encoding: 'utf8',
    maxBuffer: ANSWER_OCTETS_MAX,
  });
  if (status !== 0) throw new Error(`Cannot check the fuel: ${stderr}`);
  return JSON.parse(stdout);
}
