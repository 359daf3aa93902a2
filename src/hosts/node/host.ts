/** Clock, timers, randomness, environment and files of Node.js. */
import { channel } from 'node:diagnostics_channel';
import type { Host } from '../host.js';
import { compressor } from './compressor.js';
import { digests } from './digests.js';
import { cryptoModule, filesModule } from './late-modules.js';
import { publicSuffixes } from './public-suffixes.js';

/** Node.js as a host. */
export const host: Host = {
  name: `node/${process.versions.node}`,
  now: () => performance.now(),
  wallClock: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return {
      cancel: () => clearTimeout(timer),
      keepAlive: (wanted) => void (wanted ? timer.ref() : timer.unref()),
    };
  },
  // The first may come before the next poll of the sockets, the second comes after it.
  nextTurn: (run) => void setImmediate(() => setImmediate(run)),
  random: (n) => cryptoModule().randomFillSync(new Uint8Array(n)),
  environment(name) {
    try {
      return process.env[name];
    } catch (cause) {
      // Deno, where the program may not read it.
      throw new Error(`Cannot read ${name} (trustEnv: false reads none): ${(cause as Error).message}`, { cause });
    }
  },
  readFile(path) {
    const contents = filesModule().readFileSync(path);
    const owned = new Uint8Array(contents.length);
    owned.set(Buffer.from(contents.buffer, contents.byteOffset, contents.length));
    return owned;
  },
  readFolder(path) {
    try {
      return filesModule().readdirSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return null;
      throw error;
    }
  },
  publicSuffixes,
  digests,
  compressor,
  diagnostics: {
    request: channel('httpx-wasm:request'),
    response: channel('httpx-wasm:response'),
    error: channel('httpx-wasm:error'),
    connection: channel('httpx-wasm:connection'),
  },
  warn: (message) => process.emitWarning(message, 'HttpxWasmWarning'),
};
