/**
 * A host that has nothing but the platform of the web: no files, no environment variables, timers that cannot be told to let
 * a process end. Packages come as chunks of their own.
 */
import type { Channel, Diagnostics, Digests, Host, PublicSuffixes } from '../host.js';
import { digestsOf, suffixesOf } from '../packages.js';
import { page } from './page-rules.js';

/** Most octets that the platform's source gives at a time (Web Cryptography §10.1.1). */
const RANDOM_OCTETS_MAX = 65536;
let list: PublicSuffixes | null = null;
let functions: Digests | null = null;

async function loadSuffixes(): Promise<PublicSuffixes> {
  list = suffixesOf(await import('tldts'));
  return list;
}

async function loadDigests(): Promise<Digests> {
  functions = digestsOf(await import('@noble/hashes/legacy.js'), await import('@noble/hashes/sha2.js'));
  return functions;
}

/** Nobody can watch: the platform has no channels. */
const SILENT: Channel = { hasSubscribers: false, publish() {} };
const DIAGNOSTICS: Diagnostics = { request: SILENT, response: SILENT, error: SILENT, connection: SILENT };

function noFiles(path: string): never {
  throw new Error(`Cannot read ${path}: this host has no files`);
}

/** The platform as a host, under the name given. */
export function webHost(name: string): Host {
  return {
    name,
    now: () => performance.now(),
    wallClock: () => Date.now(),
    after(ms, run) {
      const timer = setTimeout(run, ms);
      return { cancel: () => clearTimeout(timer), keepAlive() {} };
    },
    nextTurn: (run) => void setTimeout(run),
    random(n) {
      const octets = new Uint8Array(n);
      for (let at = 0; at < n; at += RANDOM_OCTETS_MAX) {
        crypto.getRandomValues(octets.subarray(at, Math.min(n, at + RANDOM_OCTETS_MAX)));
      }
      return octets;
    },
    environment: () => undefined,
    readFile: noFiles,
    readFolder: noFiles,
    publicSuffixes: () => list ?? loadSuffixes(),
    digests: () => functions ?? loadDigests(),
    compressor: null,
    diagnostics: DIAGNOSTICS,
    warn: (message) => console.warn(`HttpxWasmWarning: ${message}`),
  };
}

export const host: Host = { ...webHost('web'), page };
