import type { Reader } from './module-octets.mjs';

export const WEIGHTLESS: ReadonlySet<number>;
export const ENDS_RUN: ReadonlySet<number>;
/** Passes the immediates of `op`; whether it moves octets of memory. */
export function skipInstruction(reader: Reader, op: number): boolean;
