/**
 * Compiles the core's modules from their octets, which the package's code carries: nothing is fetched, so that it works
 * wherever a script does. The second module is a chunk of its own, loaded when brotli or zstd first comes.
 */
import { octets as coreOctets } from './core-octets.js';

let core: WebAssembly.Module | null = null;
let codings: WebAssembly.Module | null = null;

function compiled(base64: string): WebAssembly.Module {
  const text = atob(base64);
  const octets = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) octets[i] = text.charCodeAt(i);
  return new WebAssembly.Module(octets);
}

/** The compiled core, at first use. */
export function coreModule(): WebAssembly.Module {
  core ??= compiled(coreOctets);
  return core;
}

/** The compiled second module. */
export function codingsModule(): WebAssembly.Module | Promise<WebAssembly.Module> {
  return codings ?? loadCodings();
}

async function loadCodings(): Promise<WebAssembly.Module> {
  codings = compiled((await import('./codings-octets.js')).octets);
  return codings;
}
