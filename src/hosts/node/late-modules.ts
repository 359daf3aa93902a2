/**
 * Modules of Node.js that plain HTTP has no use for: loaded when they are first asked for. `node:tls`, `node:crypto` and
 * what they bring are a third of the CPU, and of the memory, of an import and a first request. `node:zlib` only compresses;
 * what comes is decoded by the core.
 */
import process from 'node:process';

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
