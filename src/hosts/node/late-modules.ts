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

export function namesModule(): typeof import('node:dns') {
  return process.getBuiltinModule('node:dns');
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
 * What packages export. (In a bundle of CommonJS `import.meta` is empty.) Node.js loads them at once, for blocking clients too; in a bundle, where there is no package to be
 * found, they come as the bundle's own chunks.
 */
export function latePackage<T>(fromNode: (load: NodeJS.Require) => T, bundled: () => Promise<T>): MaybePromise<T> {
  const { createRequire } = process.getBuiltinModule('node:module');
  try {
    return fromNode(createRequire(import.meta.url ?? __filename));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    return bundled();
  }
}
