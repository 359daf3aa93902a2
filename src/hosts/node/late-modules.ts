/**
 * Modules of Node.js, and packages, that plain HTTP has no use for: loaded when they are first asked for. `node:tls`,
 * `node:crypto` and what they bring are a third of the CPU, and of the memory, of an import and a first request. `node:zlib`
 * only compresses; what comes is decoded by the core.
 */
import type { MaybePromise } from '../socket.js';

/** Not imported: what is imported has all its names read, and those of `node:fs` and `node:process` load streams and sockets. */
export function filesModule(): typeof import('node:fs') {
  return process.getBuiltinModule('node:fs');
}

export function tlsModule(): typeof import('node:tls') {
  return process.getBuiltinModule('node:tls');
}

export function cryptoModule(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto');
}

export function threadsModule(): typeof import('node:worker_threads') {
  return process.getBuiltinModule('node:worker_threads');
}

export function zlibModule(): typeof import('node:zlib') {
  return process.getBuiltinModule('node:zlib');
}

/**
 * What packages export. Node.js loads them at once, for blocking clients too; in a bundle, where there is no package to be
 * found, they come as the bundle's own chunks.
 */
export function latePackage<T>(fromNode: (load: NodeJS.Require) => T, bundled: () => Promise<T>): MaybePromise<T> {
  const { createRequire } = process.getBuiltinModule('node:module');
  try {
    return fromNode(createRequire(import.meta.url));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    return bundled();
  }
}

let own: NodeJS.Require | null | undefined;

/**
 * A `require` that gives the very modules that this one is of; `null` where there is none: in a bundle, and where something
 * else than Node.js has loaded this one (a test runner), a file would be loaded a second time, with classes of its own.
 */
function ownRequire(): NodeJS.Require | null {
  if (own !== undefined) return own;
  const { url } = import.meta;
  try {
    const load = process.getBuiltinModule('node:module').createRequire(url);
    const exports: object = load(`.${url.slice(url.lastIndexOf('/'))}`);
    own = Object.values(exports).includes(latePart) ? load : null;
  } catch {
    own = null;
  }
  return own;
}

/** A part of this package: at once where it can be, for blocking clients too; else with a promise. */
export function latePart<T>(file: string, imported: () => Promise<T>): MaybePromise<T> {
  try {
    return (ownRequire()?.(file) as T | undefined) ?? imported();
  } catch (error) {
    // In a bundle whose own file happens to be found so: the part has another name there.
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    return imported();
  }
}
