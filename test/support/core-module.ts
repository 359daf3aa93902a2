/**
 * The core's two modules in their builds, instantiated anew: tests of the core run on each, since each is compiled
 * differently. The last is no WebAssembly but JavaScript, for hosts that have none.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ScriptModule } from '../../src/hosts/core-module.js';

/** What assembly/index.ts exports, so far as connections are concerned. */
export interface Core {
  readonly memory: WebAssembly.Memory;
  inputOffset(): number;
  eventsOffset(): number;
  liveOctets(): number;
  failAllocationsAfter(n: number): void;
  connectionCreate(
    protocol: number,
    role: number,
    headOctetsMax: number,
    fieldsMax: number,
    interimMax: number,
  ): number;
  connectionOpen(handle: number, open: number, from?: number, to?: number): number;
  connectionSend(handle: number, stream: number, octets: number): number;
  connectionEnd(handle: number, stream: number, from?: number, to?: number): number;
  connectionRelease(handle: number, stream: number, octets: number): void;
  connectionReceive(handle: number, from: number, to: number): number;
  connectionReceiveAt(handle: number, from: number, to: number, nowMs: number): number;
  connectionPassed(handle: number): number;
  connectionReceiveEnd(handle: number): number;
  connectionCancel(handle: number, stream: number): void;
  connectionGoAway(handle: number): void;
  connectionTakeOutput(handle: number): number;
  connectionWant(handle: number, stream: number): number;
  connectionCanOpen(handle: number): number;
  connectionPlacesFree(handle: number): number;
  connectionCanConnectProtocol(handle: number): number;
  connectionCloseReason(handle: number): number;
  connectionFree(handle: number): void;
}

export const BUILDS = ['release', 'debug', 'nosimd', 'script'] as const;
export type Build = (typeof BUILDS)[number];

/** `codings` is the second module: assembly/codings.ts. */
export type CoreModule = 'core' | 'codings';

const SUFFIXES: Record<Build, string> = {
  release: 'wasm',
  debug: 'debug.wasm',
  nosimd: 'nosimd.wasm',
  script: 'script.js',
};

const load = createRequire(import.meta.url);

/** The file of a build. @throws if the core was not built. */
export function fileOf(build: Build, module: CoreModule = 'core'): URL {
  const name = `${module}.${SUFFIXES[build]}`;
  const file = new URL(`../../wasm/build/${name}`, import.meta.url);
  if (!existsSync(file)) throw new Error(`Cannot load ${name}: run "npm run build:wasm" first`);
  return file;
}

/** The octets of a build of WebAssembly. */
export function octetsOf(build: Exclude<Build, 'script'>, module: CoreModule = 'core'): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(readFileSync(fileOf(build, module)));
}

/** A new instance of `octets`, which must be the core or a metered form of it. */
export function instanceOf(octets: Uint8Array<ArrayBuffer>): Core {
  return new WebAssembly.Instance(new WebAssembly.Module(octets), {}).exports as unknown as Core;
}

/** A new instance of the core as JavaScript. A buffer that its memory has left is emptied, as WebAssembly does it. */
export function scriptInstanceOf(instantiate: ScriptModule): Core {
  return instantiate((left) => void structuredClone(left, { transfer: [left] })) as unknown as Core;
}

/** A new instance of a build. */
export function loadCore(build: Build, module: CoreModule = 'core'): Core {
  if (build !== 'script') return instanceOf(octetsOf(build, module));
  return scriptInstanceOf((load(fileOf(build, module).pathname) as { instantiate: ScriptModule }).instantiate);
}
