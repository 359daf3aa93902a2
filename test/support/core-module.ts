/**
 * The core's two modules in their three builds, instantiated anew: tests of the core run on each, since each is compiled
 * differently.
 */
import { existsSync, readFileSync } from 'node:fs';

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

export const BUILDS = ['release', 'debug', 'nosimd'] as const;
export type Build = (typeof BUILDS)[number];

/** `codings` is the second module: assembly/codings.ts. */
export type CoreModule = 'core' | 'codings';

const SUFFIXES: Record<Build, string> = { release: 'wasm', debug: 'debug.wasm', nosimd: 'nosimd.wasm' };

/** The octets of a build. @throws if the core was not built. */
export function octetsOf(build: Build, module: CoreModule = 'core'): Uint8Array<ArrayBuffer> {
  const name = `${module}.${SUFFIXES[build]}`;
  const file = new URL(`../../wasm/build/${name}`, import.meta.url);
  if (!existsSync(file)) throw new Error(`Cannot load ${name}: run "npm run build:wasm" first`);
  return Uint8Array.from(readFileSync(file));
}

/** A new instance of `octets`, which must be the core or a metered form of it. */
export function instanceOf(octets: Uint8Array<ArrayBuffer>): Core {
  return new WebAssembly.Instance(new WebAssembly.Module(octets), {}).exports as unknown as Core;
}

/** A new instance of a build. */
export function loadCore(build: Build): Core {
  return instanceOf(octetsOf(build));
}
