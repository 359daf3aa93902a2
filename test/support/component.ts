/**
 * The core as a component, under jco: its interfaces as `jco transpile` makes them, and drivers that write down what comes out
 * as those of the flat ABI do (core-connection.ts, http2-driver.ts), less what events do not have: ids of names, first lines.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as abi from '../../assembly/abi.js';
import { transpile } from '../../wasm/transpile.mjs';

export interface Field {
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}
export interface Fault {
  readonly rule: string;
  readonly number: number;
  readonly offset?: number;
  readonly octet?: number;
  readonly limit?: number;
}
export interface Head {
  readonly stream: number;
  readonly status: number;
  readonly facts: Readonly<Record<string, boolean>>;
  readonly keepAliveSeconds?: number;
  readonly reason: Uint8Array;
  readonly fields: readonly Field[];
}
interface Content {
  readonly stream: number;
  readonly octets: Uint8Array;
}
export type Event =
  | { readonly tag: 'head' | 'interim'; readonly val: Head }
  | {
      readonly tag: 'request';
      readonly val: Omit<Head, 'status' | 'reason'> & { readonly method: Uint8Array; readonly target: Uint8Array };
    }
  | { readonly tag: 'data' | 'upgraded'; readonly val: Content }
  | {
      readonly tag: 'end';
      readonly val: { readonly stream: number; readonly isReusable: boolean; readonly trailers: readonly Field[] };
    }
  | { readonly tag: 'writable' | 'streams-max'; readonly val: number }
  | {
      readonly tag: 'reset';
      readonly val: { readonly stream: number; readonly code: number; readonly isUnprocessed: boolean };
    }
  | { readonly tag: 'goaway'; readonly val: { readonly lastStream: number; readonly code: number } }
  | {
      readonly tag: 'stream-error';
      readonly val: { readonly stream: number; readonly code: number; readonly fault: Fault };
    }
  | { readonly tag: 'error'; readonly val: { readonly stream: number; readonly fault: Fault } };

export interface Request {
  readonly method: Uint8Array;
  readonly target: Uint8Array;
  readonly scheme: 'http' | 'https';
  readonly protocol?: Uint8Array;
  readonly fields: readonly Field[];
  readonly isComplete: boolean;
}
export interface Connection extends Disposable {
  open(request: Request): number;
  send(stream: number, octets: number): number;
  end(stream: number, trailers: readonly Field[]): void;
  takeOutput(): Uint8Array;
  receive(octets: Uint8Array, nowMs: number): Event[];
  receiveEnd(): Event[];
  release(stream: number, octets: number): void;
  want(stream: number): void;
  goAway(): void;
  cancel(stream: number): void;
  placesFree(): number;
  canConnectProtocol(): boolean;
  closeReason(): string | undefined;
}
export interface HpackField extends Field {
  readonly isNeverIndexed: boolean;
}
export interface FieldDecoder extends Disposable {
  decode(block: Uint8Array): HpackField[];
  allow(tableOctets: number): void;
}
export interface FieldEncoder extends Disposable {
  encode(fields: readonly HpackField[]): Uint8Array;
  allow(tableOctets: number): void;
}
export interface ContentDecoder extends Disposable {
  decode(octets: Uint8Array): {
    readonly octets: Uint8Array;
    readonly taken: number;
    readonly progress: { readonly tag: 'needs-input' | 'has-output' } | { readonly tag: 'broken'; readonly val: Fault };
  };
  end(): void;
}
export interface ContentLimits {
  readonly octets?: bigint;
  readonly ratio?: number;
  readonly windowOctets?: number;
}
type Protocol = 'http1' | 'http2' | 'http1-requests';
export interface HeadLimits {
  readonly octets: number;
  readonly fields: number;
  readonly interim: number;
}

/** What the component exports. */
export interface Component {
  readonly connections: { readonly Connection: new (protocol: Protocol, limits: HeadLimits) => Connection };
  readonly hpack: {
    readonly FieldDecoder: new (limits: {
      readonly tableOctets: number;
      readonly listOctets: number;
      readonly fields: number;
    }) => FieldDecoder;
    readonly FieldEncoder: new (tableOctets: number) => FieldEncoder;
  };
  readonly codings: { readonly ContentDecoder: new (coding: string, limits: ContentLimits) => ContentDecoder };
  readonly memory: { liveOctets(): number; failAllocationsAfter(allocations?: number): void };
  /** The memory of the core module, for its size. */
  readonly linear: WebAssembly.Memory;
}

export const COMPONENT_BUILDS = ['release', 'debug'] as const;
export type ComponentBuild = (typeof COMPONENT_BUILDS)[number];

const root = new URL('../..', import.meta.url).pathname;

/** A new instance of a build. @throws if it was not built. */
export async function loadComponent(build: ComponentBuild): Promise<Component> {
  const file = join(root, `wasm/build/http-core.component.${build === 'debug' ? 'debug.' : ''}wasm`);
  if (!existsSync(file)) throw new Error(`Cannot load ${file}: run "npm run build:component" first`);
  mkdirSync(join(root, '.build'), { recursive: true });
  const folder = mkdtempSync(join(root, '.build', 'component-'));
  try {
    await transpile(file, folder);
    const { instantiate } = await import(/* @vite-ignore */ pathToFileURL(join(folder, 'http-core.js')).href);
    const modules = (path: string) => new WebAssembly.Module(readFileSync(join(folder, path)));
    let linear: WebAssembly.Memory | null = null;
    const exports = instantiate(modules, {}, (module: WebAssembly.Module, imports: WebAssembly.Imports) => {
      const instance = new WebAssembly.Instance(module, imports);
      linear ??= (instance.exports.cm32p2_memory ?? null) as WebAssembly.Memory | null;
      return instance;
    });
    return { ...exports, linear };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const octets = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
export const fieldsOf = (pairs: readonly (readonly [string, string])[]): Field[] =>
  pairs.map(([name, value]) => ({ name: octets(name), value: octets(value) }));
export const pairsOf = (fields: readonly Field[]): string[][] =>
  fields.map(({ name, value }) => [text(name), text(value)]);

/** The fault or refusal that a call throws. @throws if it throws none */
export function refusalOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    if (error instanceof Error && 'payload' in error) return error.payload;
    throw error;
  }
  throw new Error('Cannot tell why it was refused: it was not');
}

const FACTS: Readonly<Record<string, number>> = {
  chunked: abi.FLAG_CHUNKED,
  close: abi.FLAG_CLOSE,
  keepAlive: abi.FLAG_KEEP_ALIVE,
  contentLength: abi.FLAG_CONTENT_LENGTH,
  contentEncoding: abi.FLAG_CONTENT_ENCODING,
  setCookie: abi.FLAG_SET_COOKIE,
  location: abi.FLAG_LOCATION,
  http10: abi.FLAG_HTTP_1_0,
  noBody: abi.FLAG_NO_BODY,
  wwwAuthenticate: abi.FLAG_WWW_AUTHENTICATE,
  untilClose: abi.FLAG_UNTIL_CLOSE,
};

/** FLAG_* bits. */
export function flagsOf(facts: Readonly<Record<string, boolean>>): number {
  return Object.entries(facts).reduce((bits, [name, holds]) => (holds ? bits | (FACTS[name] as number) : bits), 0);
}

/** CLOSE_* of what a component says. */
export function closeReasonOf(reason: string | undefined): number {
  if (reason === undefined) return 0;
  const name = `CLOSE_${reason.toUpperCase().replaceAll('-', '_').replace('HTTP10', 'HTTP_1_0')}`;
  return (abi as unknown as Record<string, number>)[name] as number;
}
