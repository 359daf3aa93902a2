/**
 * The core as JavaScript with each access to memory checked: in a typed array of 2, 4 or 8 octets an address that is none of
 * its multiples would be rounded down, and others read or written, without a word.
 */
import { readFileSync } from 'node:fs';
import { runInThisContext } from 'node:vm';
import type { ScriptExports } from '../../src/hosts/core-module.js';
import { type Core, type CoreModule, fileOf, scriptInstanceOf } from './core-module.js';

const ACCESS = /HEAP(?:U?16|U?32|F32|F64)\[/g;

/** Where the bracket ends that is open before `from`. */
function endOf(text: string, from: number): number {
  let depth = 1;
  let at = from;
  for (; depth > 0 && at < text.length; at++) {
    if (text[at] === '[') depth++;
    else if (text[at] === ']') depth--;
  }
  return at - 1;
}

/** `text` with the address of each access inside `aligned(…)`, and how many there are. */
function checked(text: string): { readonly text: string; readonly accesses: number } {
  let made = '';
  let done = 0;
  let accesses = 0;
  for (const match of text.matchAll(ACCESS)) {
    const from = match.index + match[0].length;
    // An address may hold another access: what is inside is checked with it, from the innermost outwards.
    if (from <= done) continue;
    const to = endOf(text, from);
    const inner = checked(text.slice(from, to));
    const [, address, shift] = /^([\s\S]*) >> ([123])$/.exec(inner.text) ?? [];
    if (address === undefined) throw new Error(`Cannot check an access at ${inner.text}`);
    made += `${text.slice(done, from)}aligned(${address}, ${shift}) >> ${shift}`;
    accesses += inner.accesses + 1;
    done = to;
  }
  return { text: made + text.slice(done), accesses };
}

/** A new instance that throws at an access that is not aligned as it says. */
export function loadAlignedScript(module: CoreModule): { readonly core: Core; readonly accesses: number } {
  const { text, accesses } = checked(readFileSync(fileOf('script', module), 'utf8'));
  const source = text.replace(/^[\s\S]*?export function instantiate\(grown\)/, 'function instantiate(grown, aligned)');
  const instantiate = runInThisContext(`(${source})`) as (
    grown: (left: ArrayBuffer) => void,
    aligned: (address: number, shift: number) => number,
  ) => ScriptExports;
  const aligned = (address: number, shift: number): number => {
    if ((address & ((1 << shift) - 1)) !== 0) throw new Error(`${address} is no multiple of ${1 << shift}`);
    return address;
  };
  return { core: scriptInstanceOf((grown) => instantiate(grown, aligned)), accesses };
}
